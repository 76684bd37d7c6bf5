#!/usr/bin/env bash
# Brings the tools that judge the manifests into ~/.cache/kubehero/tools, each once: promtool and a registry from Debian's
# packages (unpacked, not installed, so that no service starts), kube-score as a Go module, checkov from PyPI.
# A tool that cannot be had is named with its reason; the suites that need it then say so.
set -uo pipefail
dir="${KUBEHERO_TOOLS:-$HOME/.cache/kubehero/tools}"
mkdir -p "$dir/bin" "$dir/deb"
status=0

from_debian() { # PACKAGE FILE
  local package=$1 file=$2
  [ -x "$dir/bin/$(basename "$file")" ] && return 0
  (cd "$dir/deb" && apt-get -qq download "$package" && dpkg-deb -x "$package"_*.deb "$dir/root") &&
    ln -sf "$dir/root$file" "$dir/bin/" && return 0
  echo "tools: Debian's package $package is not to be had here" >&2
  status=1
}

from_debian prometheus /usr/bin/promtool
from_debian docker-registry /usr/bin/docker-registry

if [ ! -x "$dir/bin/kube-score" ]; then
  if command -v go >/dev/null; then
    GOBIN="$dir/bin" GOFLAGS="-p=1 -buildvcs=false" nice -n 10 go install github.com/zegl/kube-score/cmd/kube-score@v1.20.0 || status=1
  else
    echo "tools: kube-score needs Go" >&2
    status=1
  fi
fi

if [ ! -x "$dir/bin/checkov" ]; then
  python3 -m venv "$dir/checkov" && "$dir/checkov/bin/pip" install --quiet checkov==3.3.30 &&
    ln -sf "$dir/checkov/bin/checkov" "$dir/bin/" || {
    echo "tools: checkov could not be installed from PyPI" >&2
    status=1
  }
fi
exit "$status"
