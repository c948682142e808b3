// The measure that the tests of big answers rely on.
#include "allocation.hpp"

#include <gtest/gtest.h>

#include <string>

namespace livyd::test {
namespace {

TEST(AllocationPeak, SeesMemoryThatWasGivenBack) {
  const allocation_peak peak;
  EXPECT_EQ(peak.growth(), 0U);
  {
    const std::string big(1 << 20, 'x');
  }
  EXPECT_GE(peak.growth(), 1U << 20U);
  EXPECT_LT(peak.growth(), 2U << 20U);
}

}  // namespace
}  // namespace livyd::test
