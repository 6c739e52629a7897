#!/bin/sh
# Runs at the end of `npm ci`. The pinned Node.js needs libatomic, which small Debian systems lack: it is then
# fetched from the release's own packages, without root, and the pinned Node.js is started with it.
set -eu
cd "$(dirname "$0")/.."

pinned=node_modules/node/bin/node
[ -e "$pinned" ] || exit 0
if complaint=$("$pinned" --version 2>&1); then exit 0; fi

fail() {
  printf 'The pinned Node.js does not start: %s\n  → %s\n' "$complaint" "$1" >&2
  exit 1
}

case $complaint in
*libatomic.so.1*) ;;
*) fail 'this machine needs Node.js 26.10 or newer as `node`' ;;
esac
command -v apt-get >/dev/null && command -v dpkg >/dev/null || fail 'install libatomic with the package tools of this machine'

here=$PWD/.peers/libatomic
if ! ls "$here"/lib/libatomic.so.1 >/dev/null 2>&1; then
  echo 'fetching libatomic1 with apt-get into .peers/libatomic (once) …'
  work=$here/work
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$here/lib"
  apt() {
    apt-get -qq -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" -o Debug::NoLocking=1 \
      -o APT::Sandbox::User=root -o APT::Update::Post-Invoke= -o APT::Update::Post-Invoke-Success= "$@"
  }
  apt update || fail 'apt-get install libatomic1'
  (cd "$work" && apt download libatomic1 && dpkg -x libatomic1_*.deb unpacked) || fail 'apt-get install libatomic1'
  find "$work/unpacked" -name 'libatomic.so.1*' -exec cp -P {} "$here/lib/" \;
  rm -rf "$work"
fi

mv "$pinned" "$pinned-pinned"
cat >"$pinned" <<'START'
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
LD_LIBRARY_PATH=$here/../../../.peers/libatomic/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH
exec "$here/node-pinned" "$@"
START
chmod +x "$pinned"
complaint=$("$pinned" --version 2>&1) || fail 'apt-get install libatomic1'
