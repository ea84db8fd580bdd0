#include "client/smilecat/user.h"

#include "client/smilecat/user_export.h"
#include "client/smilecat/user_import.h"

namespace smile::cat {

ExitStatus RunUser(const UserOptions& options) {
  return options.action == UserAction::kExport ? RunUserExport(options) : RunUserImport(options);
}

}  // namespace smile::cat
