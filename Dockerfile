FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /opt/kawan
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY bot bot
COPY conversations conversations
COPY locales locales
COPY storage storage
RUN /opt/kawan/bin/pip install --no-cache-dir -c constraints.txt .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin kawan \
    && install -d -o kawan -g kawan -m 700 /data
COPY --from=build /opt/kawan /opt/kawan
ENV PATH=/opt/kawan/bin:$PATH DATA_DIR=/data HOST=0.0.0.0 PORT=8080 PYTHONUNBUFFERED=1
USER kawan
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --start-period=10s CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=5)"]
STOPSIGNAL SIGTERM
CMD ["kawan", "run"]
