#include "client/smilecat/output_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/limits.h"
#include "tests/client/smilecat/temp_file.h"

namespace smile::cat {
namespace {

using ::testing::HasSubstr;

struct stat Info(const std::string& path) {
  struct stat info = {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
  return info;
}

TEST(OutputFileTest, FileAppearsAtomically) {
  const TempFiles files;
  for (const std::string& path : {files.Write("old", "old"), files.Path("new")}) {
    const auto file = OutputFile::Create(path);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE((*file)->Write(Bytes(2 * limits::kReadBufferBytes, 'x')).ok());
    EXPECT_EQ(files.Count(), 1) << "what is not whole has no name";
  }
  EXPECT_EQ(TempFiles::Read(files.Path("old")), "old");
  for (const std::string& path : {files.Path("old"), files.Path("new")}) {
    ASSERT_TRUE(OutputFile::WriteWhole(path, "whole").ok());
    EXPECT_EQ(TempFiles::Read(path), "whole");
  }
  EXPECT_EQ(files.Count(), 2);
  EXPECT_THAT(OutputFile::WriteWhole(files.Path("no/such"), "x").message(),
              HasSubstr("cannot write"));
}

TEST(OutputFileTest, ExistingFileKeepsModeAndOwner) {
  const TempFiles files;
  const std::string path = files.Write("out", "a longer old content");
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(path.c_str(), 12345, 54321), 0);
  }
  const struct stat before = Info(path);
  ASSERT_TRUE(OutputFile::WriteWhole(path, "new").ok());
  EXPECT_EQ(TempFiles::Read(path), "new");
  EXPECT_EQ(Info(path).st_mode, before.st_mode);
  EXPECT_EQ(Info(path).st_uid, before.st_uid);
  EXPECT_EQ(Info(path).st_gid, before.st_gid);
}

TEST(OutputFileTest, NewFileIsForItsOwnerUnlessItIsAUsualOne) {
  const TempFiles files;
  const mode_t before = ::umask(0022);
  ASSERT_TRUE(OutputFile::WriteWhole(files.Path("dump"), "secret").ok());
  EXPECT_EQ(Info(files.Path("dump")).st_mode & 07777, 0600u);
  {
    const auto photo = OutputFile::Create(files.Path("photo"), FileAccess::kUsual);
    ASSERT_TRUE(photo.ok() && (*photo)->Write("x").ok() && (*photo)->Commit().ok());
  }
  EXPECT_EQ(Info(files.Path("photo")).st_mode & 07777, 0644u);
  const auto named =
      SideFile::Create(files.Path("other"), FileAccess::kOwner, SideFile::Kind::kNamed);
  ASSERT_TRUE(named.ok());
  struct stat info = {};
  ASSERT_EQ(::fstat((*named)->descriptor(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  ::umask(before);
}

TEST(OutputFileTest, MissingTargetOfASymbolicLinkIsCreated) {
  const TempFiles files;
  const std::string link = files.Path("link");
  ASSERT_EQ(::symlink("target", link.c_str()), 0);
  ASSERT_TRUE(OutputFile::WriteWhole(link, "new").ok());
  struct stat info = {};
  ASSERT_EQ(::lstat(link.c_str(), &info), 0);
  EXPECT_TRUE(S_ISLNK(info.st_mode));
  EXPECT_EQ(TempFiles::Read(files.Path("target")), "new");
}

TEST(OutputFileTest, PathToADescriptorWritesToTheDescriptor) {
  const TempFiles files;
  const std::string path = files.Write("out", "");
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_GE(descriptor, 0);
  ASSERT_EQ(::write(descriptor, "before ", 7), 7);
  ASSERT_TRUE(OutputFile::WriteWhole("/dev/fd/" + std::to_string(descriptor), "value").ok());
  ASSERT_EQ(::write(descriptor, " after", 6), 6);
  ::close(descriptor);
  EXPECT_EQ(TempFiles::Read(path), "before value after");
}

TEST(OutputFileTest, HardLinksArePreserved) {
  const TempFiles files;
  const std::string path = files.Write("out", "a longer old content");
  std::filesystem::create_hard_link(path, files.Path("other"));
  ASSERT_TRUE(OutputFile::WriteWhole(path, "new").ok());
  EXPECT_EQ(TempFiles::Read(files.Path("other")), "new");
  EXPECT_EQ(Info(path).st_ino, Info(files.Path("other")).st_ino);
}

TEST(OutputFileTest, ExtendedAttributesArePreserved) {
  const TempFiles files;
  const std::string path = files.Write("out", "old");
  // Some file systems have none.
  const bool has_note = ::setxattr(path.c_str(), "user.note", "kept", 4, 0) == 0;
  ASSERT_TRUE(OutputFile::WriteWhole(path, "new").ok());
  EXPECT_EQ(TempFiles::Read(path), "new");
  char note[8];
  EXPECT_EQ(::getxattr(path.c_str(), "user.note", note, sizeof(note)), has_note ? 4 : -1);
}

TEST(OutputFileTest, SymbolicLinkIsFollowed) {
  const TempFiles files;
  const std::string target = files.Write("target", "old");
  std::filesystem::create_symlink(target, files.Path("link"));
  ASSERT_TRUE(OutputFile::WriteWhole(files.Path("link"), "new").ok());
  EXPECT_TRUE(std::filesystem::is_symlink(files.Path("link")));
  EXPECT_EQ(TempFiles::Read(target), "new");
}

TEST(OutputFileTest, PipesAndDevicesAreWrittenDirectly) {
  const TempFiles files;
  const std::string path = files.Path("pipe");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  ASSERT_TRUE(OutputFile::WriteWhole(path, "bytes").ok());
  char got[16];
  EXPECT_EQ(::read(reader, got, sizeof(got)), 5);
  ::close(reader);
  EXPECT_TRUE(std::filesystem::is_fifo(path));
  EXPECT_THAT(OutputFile::WriteWhole(std::filesystem::path(path).parent_path(), "x").message(),
              HasSubstr("Is a directory"));
  EXPECT_TRUE(OutputFile::WriteWhole("/dev/null", "x").ok());
  EXPECT_THAT(OutputFile::WriteWhole("/dev/full", "x").message(), HasSubstr("No space left"));
}

// As somebody who may write to neither: root may.
class OutputFileRightsTest : public ::testing::Test {
 protected:
  // Runs `body` as nobody; true if it gave true.
  template <class Body>
  static bool AsNobody(Body body) {
    const pid_t child = ::fork();
    if (child == 0) {
      if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) ::_exit(2);
      ::_exit(body() ? 0 : 1);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

  TempFiles files_;
};

TEST_F(OutputFileRightsTest, FileInAReadOnlyDirectoryIsWritten) {
  const std::string path = files_.Write("out", "a longer old content");
  ASSERT_EQ(::chmod(path.c_str(), 0666), 0);
  ASSERT_EQ(::chmod(files_.Path("").c_str(), 0555), 0);
  EXPECT_TRUE(AsNobody([&] {
    // Nothing is lost before there is something new.
    { const auto unused = OutputFile::Create(path); }
    return TempFiles::Read(path).size() > 3 && OutputFile::WriteWhole(path, "new").ok();
  }));
  EXPECT_EQ(TempFiles::Read(path), "new");
  EXPECT_TRUE(AsNobody([&] { return !OutputFile::Create(files_.Path("other")).ok(); }));
}

TEST_F(OutputFileRightsTest, ReadOnlyFileIsRejectedLikeCp) {
  const std::string path = files_.Write("out", "old");
  ASSERT_EQ(::chmod(path.c_str(), 0444), 0);
  ASSERT_EQ(::chmod(files_.Path("").c_str(), 0777), 0);
  EXPECT_TRUE(AsNobody([&] { return !OutputFile::WriteWhole(path, "new").ok(); }));
  EXPECT_EQ(TempFiles::Read(path), "old");
}

TEST_F(OutputFileRightsTest, ForeignFileKeepsItsOwner) {
  const std::string path = files_.Write("out", "a longer old content");
  ASSERT_EQ(::chmod(path.c_str(), 0666), 0);
  ASSERT_EQ(::chmod(files_.Path("").c_str(), 0777), 0);
  const uid_t owner = Info(path).st_uid;
  EXPECT_TRUE(AsNobody([&] { return OutputFile::WriteWhole(path, "new").ok(); }));
  EXPECT_EQ(TempFiles::Read(path), "new");
  EXPECT_EQ(Info(path).st_uid, owner);
  EXPECT_EQ(Info(path).st_mode & 0777, 0666u);
}

TEST(SideFileTest, TemporaryNameIsRemoved) {
  const TempFiles files;
  const std::string path = files.Path("out");
  {
    const auto file = SideFile::Create(path, FileAccess::kOwner, SideFile::Kind::kNamed);
    ASSERT_TRUE(file.ok());
    EXPECT_EQ(files.Count(), 1);
    (*file)->Remove();  // before a signal ends the process
    EXPECT_EQ(files.Count(), 0);
  }
  for (const char* content : {"one", "two"}) {
    const auto file = SideFile::Create(path, FileAccess::kOwner, SideFile::Kind::kNamed);
    ASSERT_TRUE(WriteAll((*file)->descriptor(), content).ok());
    EXPECT_EQ((*file)->LinkAs(path).ok(), std::string_view(content) == "one");
    EXPECT_TRUE(std::string_view(content) == "one" || (*file)->ReplaceAs(path).ok());
  }
  EXPECT_EQ(TempFiles::Read(path), "two");
  EXPECT_EQ(files.Count(), 1);
}

TEST(SideFileTest, SymbolicLinkOfTheTemporaryNameIsNotFollowed) {
  const TempFiles files;
  const std::string path = files.Path("out");
  const std::string victim = files.Write("victim", "old");
  const std::string temporary = path + "." + std::to_string(::getpid()) + ".tmp";
  ASSERT_EQ(::symlink(victim.c_str(), temporary.c_str()), 0);
  const auto file = SideFile::Create(path, FileAccess::kOwner, SideFile::Kind::kNamed);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(WriteAll((*file)->descriptor(), "new").ok());
  EXPECT_EQ(TempFiles::Read(victim), "old");
  ASSERT_TRUE((*file)->LinkAs(path).ok());
  EXPECT_EQ(TempFiles::Read(path), "new");
}

}  // namespace
}  // namespace smile::cat
