# The headers that libsmile installs; docs/decisions/0037-headers-of-libsmile.md says why these.

# What a user of the library needs, and nothing else; each becomes <smile/NAME.h>. The reference
# documents them (tools/reference.py).
set(public_headers
  client/answer.h client/await.h client/blocking.h client/client.h client/options.h client/page_token.h
  client/post_ids.h
  base/bytes.h base/result.h base/status.h base/task.h
  model/key.h model/record.h model/tables.h
  net/endpoint.h
  protocol/admin_operations.h protocol/connection_operations.h protocol/error_body.h
  protocol/operations.h protocol/outcomes.h protocol/record_operations.h)
# What those need in turn; each becomes <smile/internal/NAME.h>, and is no part of the contract.
set(internal_headers client/wait.h protocol/field.h protocol/operation_list.h)
