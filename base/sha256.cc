#include "base/sha256.h"

#include <openssl/evp.h>

#include "base/check.h"
#include "base/text.h"

namespace smile {
namespace {

using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

Context NewContext() {
  Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  CHECK(context != nullptr, "OpenSSL has memory for a digest");
  return context;
}

}  // namespace

std::string Sha256Digest::ToHex() const {
  return smile::ToHex(view());
}

struct Sha256::State {
  Context context = NewContext();
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  CHECK(EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) == 1);
}

Sha256::~Sha256() = default;

void Sha256::Update(ByteView bytes) {
  CHECK(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}

Sha256Digest Sha256::Digest() const {
  const Context copy = NewContext();
  CHECK(EVP_MD_CTX_copy_ex(copy.get(), state_->context.get()) == 1);
  Sha256Digest digest;
  unsigned size = 0;
  CHECK(EVP_DigestFinal_ex(copy.get(), digest.bytes.data(), &size) == 1);
  CHECK(size == digest.bytes.size());
  return digest;
}

Sha256Digest Sha256::Of(ByteView bytes) {
  Sha256 hash;
  hash.Update(bytes);
  return hash.Digest();
}

}  // namespace smile
