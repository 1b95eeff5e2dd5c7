# docker build -t keeptrack . ; docker run --rm -v "$PWD:/videos" keeptrack video.mp4
# `make docker-steps` runs these steps in a clean Debian without Docker.
FROM python:3.11-slim-bookworm

COPY . /src
# The headless build of OpenCV needs no libGL, which a slim image lacks.
RUN python3 -m pip install --no-cache-dir --no-compile '/src[view,tables]' \
 && python3 -m pip uninstall --yes opencv-python \
 && python3 -m pip install --no-cache-dir --no-compile opencv-python-headless \
 && rm -rf /src

WORKDIR /videos
ENTRYPOINT ["keeptrack"]
