// SHA-256 against the published vectors, in one piece and in many.
#include "base/digest.hpp"

#include <gtest/gtest.h>

#include <string>

namespace livyd {
namespace {

TEST(Digest, IsThatOfTheStandard) {
  EXPECT_EQ(sha256_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_of(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Digest, IsTheSameHoweverTheBytesCome) {
  const std::string text("one\0two\xFFthree", 13);
  sha256 digest;
  for (const char byte : text) digest.add({&byte, 1});
  digest.add("");
  EXPECT_EQ(digest.digits(), sha256_of(text));
}

}  // namespace
}  // namespace livyd
