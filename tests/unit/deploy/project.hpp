// A project in a temporary folder.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/failure.hpp"
#include "deploy/bundle.hpp"

namespace livyd::deploy {

class Project : public testing::Test {
 protected:
  void SetUp() override {
    auto name = (std::filesystem::temp_directory_path() / "livyd-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = std::filesystem::canonical(name);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(std::string_view path, std::string_view text = "x = 1\n") const {
    const auto file = folder_ / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }

  bundle_rule rule(std::vector<std::string> include = {},
                   std::vector<std::string> exclude = {}) const {
    return {.name = "modules",
            .kind = bundle_kind::py_files,
            .folder = folder_ / "modules",
            .include = std::move(include),
            .exclude = std::move(exclude),
            .alias = {}};
  }

  std::filesystem::path folder_;
};

inline std::vector<std::string> paths_of(const bundle& one) {
  std::vector<std::string> out;
  for (const auto& file : one.files) out.push_back(file.path);
  return out;
}

/// What `work` throws; a test that expects a failure fails without one.
template <class Work>
failure failure_of(Work work) {
  try {
    work();
  } catch (const failure& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {failure_kind::internal, ""};
}

}  // namespace livyd::deploy
