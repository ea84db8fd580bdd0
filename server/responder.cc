#include "server/responder.h"

#include "base/check.h"
#include "server/session.h"

namespace smile {

std::shared_ptr<ReadMemory> Responder::MemoryForResult() const {
  const std::shared_ptr<Session> session = session_.lock();
  CHECK(session != nullptr);
  return std::make_shared<ReadMemory>(session->memory());
}

bool Responder::Complete(const std::weak_ptr<Session>& session, uint32_t id,
                         FunctionRef<void(Reply&)> answer) {
  const std::shared_ptr<Session> alive = session.lock();
  if (alive == nullptr) return false;
  alive->Complete(id, answer);
  return true;
}

}  // namespace smile
