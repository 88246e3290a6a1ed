# The bot, its model and an index of content/ in one image:  docker compose up --build
FROM python:3.11-slim AS build

# Where pip also looks: with PyTorch's CPU wheels the image is several GB smaller on x86-64.
ARG PIP_EXTRA_INDEX_URL
ARG PIP_FIND_LINKS
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /app

# As in the Makefile: everything but torch by its hash, torch without, then what else is needed.
COPY requirements.lock ./
RUN pip install --no-deps --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
RUN pip install "$(grep -o 'torch==[0-9.]*' pyproject.toml)"

# Editable, as in the Makefile: index/ holds data files beside its modules.
COPY bot bot
COPY index index
RUN pip install --no-build-isolation -e .

RUN useradd --uid 10001 --create-home beleg && install -d -o beleg -g beleg /cache /data
COPY content /content
USER beleg
ENV BELEG_CONTENT=/content BELEG_DATA=/data BELEG_CACHE=/cache
RUN beleg index


FROM python:3.11-slim
RUN useradd --uid 10001 --create-home beleg
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
COPY --from=build /content /content
COPY --from=build --chown=beleg:beleg /cache /cache
COPY --from=build --chown=beleg:beleg /data /data
# A model from the hub, if BELEG_MODEL names one, is kept on the volume too.
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 \
    BELEG_CONTENT=/content BELEG_DATA=/data BELEG_CACHE=/cache HF_HOME=/data/huggingface \
    BELEG_PORT=8080
WORKDIR /app
USER beleg
VOLUME /data

# Ready: connected to Discord, and with an index loaded.
HEALTHCHECK --interval=60s --timeout=10s --start-period=120s --retries=5 \
    CMD ["python", "-c", "import os; from http.client import HTTPConnection as C; c = C('127.0.0.1', int(os.environ['BELEG_PORT']), timeout=5); c.request('GET', '/readyz'); raise SystemExit(c.getresponse().status != 200)"]

CMD ["beleg", "run"]
