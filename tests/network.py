"""What a test gets that tries to leave this machine."""


class NetworkForbiddenError(BaseException):
    """A test tried to leave this machine. No ``except Exception`` can hide it."""
