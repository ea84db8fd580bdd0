#include "client/smilecat/remembered_lines.h"

#include <gtest/gtest.h>

namespace smile::cat {
namespace {

TEST(RememberedLines, HaveNoTypedSecret) {
  for (const char* const line : {"get users/42/profile",
                                 "get users/42/none of this",
                                 "put users/1/x 'not closed",
                                 "ping",
                                 "--json scan posts/42 --all",
                                 "scan posts/42 --limit nothing",
                                 "stats storage.",
                                 "login_verify ada -",
                                 "login_verify ada @file --label x",
                                 "login_change ada - @file",
                                 "--json login_register ada - --user 42",
                                 "session_verify @token",
                                 "login_list 42",
                                 "login_remove ada",
                                 "link 42 friend 7",
                                 "link 42 nonsense",
                                 "load file.csv --key nonsense",
                                 "help login_verify",
                                 "login_verify --help",
                                 "media list 42",
                                 "user export 1 x"}) {
    EXPECT_TRUE(IsRemembered(line, {})) << line;
  }
  for (const char* const line :
       {"login_verify ada secret", "login_verify ada 'not closed", "login_verify ada",
        "--json login_register ada secret --user 42", "-s db1:1 login_verify ada secret",
        "login_change ada - secret", "login_change ada secret -", "login_reset ada secret",
        "login_import ada 1 $6$secret", "session_verify 0xabcd", "login_verfy ada secret",
        "LOGIN_VERIFY ada secret", "ada secret", "secret", "login_verify ada secret --help",
        "--bogus login_verify ada secret"}) {
    EXPECT_FALSE(IsRemembered(line, {})) << line;
  }
}

}  // namespace
}  // namespace smile::cat
