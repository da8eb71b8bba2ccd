"""Steps in a container that `docker` or `podman` starts."""
