# Sourced by the shell in which docs_test.py runs the commands of a page: a smiled that is named in a
# page runs in the background, on a free port, and smilecat finds it by its configuration file.
# Output shows the port of the pages.

export HOME="$PWD" XDG_CONFIG_HOME="$PWD/config" PATH="$PWD/build/release/bin:$PATH"
unset SMILE_SERVER
mkdir -p config/smile
mkfifo ready
server=
trap '[[ -z "$server" ]] || builtin kill -KILL "$server"' EXIT  # also if the test is killed

smiled() {
  case "$1" in
    check | repair | -*help | --version)
      command smiled "$@"
      return
      ;;
  esac
  local arguments=() argument
  for argument in "$@"; do
    case "$argument" in
      127.0.0.1:7645) argument=127.0.0.1:0 ;;
      /var/lib/smile) argument="$PWD/var" ;;
    esac
    arguments+=("$argument")
  done
  [[ "$*" == *--listen* ]] || arguments+=(--listen 127.0.0.1:0)
  command smiled "${arguments[@]}" >ready 2>>smiled.log &
  server=$!
  local line lines=0 address=none
  while read -r line; do
    case "$line" in
      "smiled listens on "*)
        address="${line##* }"
        echo "server = $address" >config/smile/smilecat.conf
        ;;
    esac
    echo "${line//$address/127.0.0.1:7645}"
    if ((++lines == 3)); then return 0; fi
  done <ready
  cat smiled.log
  wait "$server"
}

pidof() { echo "$server"; }

# A process that was told to stop is gone before the next command.
kill() {
  builtin kill "$@"
  wait "$@"
}
