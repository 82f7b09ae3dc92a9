# A server of the era in $ERA, whose tool shows its environment, arguments and folder. With $LOG, it
# writes a line there for each list, and reports that its tools have changed.
answer() {
  id=${line#*\"id\":}; id=${id%%[,\}]*}
  printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$1"
}
tool='{"name":"show","inputSchema":{"type":"object"}}'
while IFS= read -r line; do
  case $line in
    *'"server/discover"'*)
      [ "$ERA" = legacy ] && exit 3
      answer '{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}}}' ;;
    *'"initialize"'*)
      answer '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}}' ;;
    *'"tools/list"'*)
      [ "$ERA" = silent ] || answer "{\"resultType\":\"complete\",\"tools\":[$tool]}"
      if [ -n "$LOG" ]; then
        echo list >> "$LOG"
        printf '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n'
      fi ;;
    *'"tools/call"'*'"large"'*)
      text=$(printf '%02000d' 0)
      answer "{\"resultType\":\"complete\",\"content\":[{\"type\":\"text\",\"text\":\"$text\"}]}" ;;
    *'"tools/call"'*) answer "{\"resultType\":\"complete\",\"content\":[{\"type\":\"text\",\"text\":\"$SECRET $1 $2 $PWD\"}]}" ;;
  esac
done
