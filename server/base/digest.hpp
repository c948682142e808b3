// SHA-256, of a text or of what comes piece by piece.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace livyd {

class sha256 {
 public:
  sha256();
  ~sha256();
  sha256(const sha256&) = delete;
  sha256& operator=(const sha256&) = delete;

  void add(std::string_view bytes);
  /// 64 hexadecimal digits, lower case; last.
  std::string digits();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// Of one text.
std::string sha256_of(std::string_view bytes);

}  // namespace livyd
