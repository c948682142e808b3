// A folder for one test, removed with it.
#pragma once

#include <filesystem>

#include "base/text.hpp"

namespace livyd {

struct temporary_folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("livyd-test-" + random_hex(6));
  temporary_folder() { std::filesystem::create_directories(path); }
  ~temporary_folder() { std::filesystem::remove_all(path); }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
};

}  // namespace livyd
