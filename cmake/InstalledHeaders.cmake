# The headers that libsmile installs; docs/decisions/0037-headers-of-libsmile.md says why these.

# What a user of the library needs, and nothing else; each becomes <smile/NAME.h>. The reference
# documents them (tools/reference.py).
set(public_headers
  client/answer.h client/await.h client/blocking.h client/client.h client/options.h client/page_token.h
  client/post_ids.h client/watch.h client/watch_reader.h
  client/media/byte_sink.h client/media/byte_source.h client/media/download.h client/media/media.h client/media/upload.h
  base/bytes.h base/result.h base/status.h base/task.h
  model/key.h model/media_fault.h model/number.h model/record.h model/tables.h model/time_ordered_id.h
  net/endpoint.h
  protocol/admin_operations.h protocol/connection_operations.h protocol/counter_operations.h
  protocol/error_body.h
  protocol/feed_operations.h
  protocol/link_operations.h protocol/login_operations.h
  protocol/media_info.h protocol/media_operations.h protocol/operations.h protocol/outcomes.h
  protocol/record_operations.h protocol/session_operations.h protocol/upload_operations.h protocol/user_operations.h
  protocol/watch_operations.h)
# What those need in turn; each becomes <smile/internal/NAME.h>, and is no part of the contract.
set(internal_headers client/wait.h protocol/field.h protocol/field_list.h
    protocol/operation_list.h)
