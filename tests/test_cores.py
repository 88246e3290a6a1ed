"""How the cores are divided among threads."""

import threading

import pytest

from index import cores
from index.cores import cores_are_shared, own_cores, pool_cores, shared_cores


@pytest.mark.parametrize(
    ("threads", "own", "pool"), [(1, 6, 6), (2, 3, 5), (4, 1, 3), (6, 1, 1), (7, 1, 1)]
)
def test_threads_divide_the_cores(
    monkeypatch: pytest.MonkeyPatch, threads: int, own: int, pool: int
) -> None:
    monkeypatch.setattr(cores, "_all_cores", lambda: 6)
    with shared_cores(threads):
        assert (own_cores(), pool_cores()) == (own, pool)
        assert cores_are_shared() is (threads > 1)
    assert (own_cores(), pool_cores()) == (6, 6)
    assert not cores_are_shared()


def test_no_other_thread_is_meant() -> None:
    seen: list[bool] = []
    with shared_cores(2):
        thread = threading.Thread(target=lambda: seen.append(cores_are_shared()))
        thread.start()
        thread.join()
    assert seen == [False]


def test_they_are_whole_again_after_an_error() -> None:
    with pytest.raises(RuntimeError), shared_cores(2):
        raise RuntimeError
    assert not cores_are_shared()
