// How much memory the program asked for: what it has now, and the most it had.
#pragma once

#include <cstddef>

namespace livyd::test {

/// The most that was allocated through operator new since this object was made.
class allocation_peak {
 public:
  allocation_peak();
  std::size_t growth() const;

 private:
  std::size_t before_;
};

}  // namespace livyd::test
