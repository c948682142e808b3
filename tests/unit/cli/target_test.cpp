// What a server that was named by its URL is called.
#include "cli/target.hpp"

#include <gtest/gtest.h>

namespace livyd {
namespace {

TEST(Target, IsCalledByItsUrlWithoutCredentials) {
  EXPECT_EQ(shown_url("http://a:8998/livy"), "http://a:8998/livy");
  EXPECT_EQ(shown_url("https://me:s@cret@a:8998/livy"), "https://a:8998/livy");
  EXPECT_EQ(shown_url("http://me@a?x=@y"), "http://a?x=@y");
  EXPECT_EQ(shown_url("http://a/b@c"), "http://a/b@c");
  EXPECT_EQ(shown_url("no url"), "no url");
}

}  // namespace
}  // namespace livyd
