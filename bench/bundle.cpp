// How long a project takes to be found, hashed and packed; the trees are made in a temporary
// folder.
#include "deploy/bundle.hpp"

#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <stdexcept>
#include <string>

#include "base/text.hpp"
#include "deploy/zip.hpp"

namespace {

using namespace livyd;
namespace fs = std::filesystem;

constexpr std::uint64_t megabyte = 1'000'000;

/// Text that deflates about as source code does: few words, many names.
std::string module_text(std::mt19937_64& random, std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) {
    text += concat("def name_", random() % 100'000, "(value):\n    return value + ",
                   random() % 1000, "  # a line like many others\n");
  }
  text.resize(bytes);
  return text;
}

/// A tree of so many megabytes: 300 modules for 5 MB, files of 1 MB for more. Kept until the end.
class tree {
 public:
  explicit tree(std::uint64_t megabytes) {
    auto name = (fs::temp_directory_path() / "livyd-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = name;
    std::mt19937_64 random(megabytes);
    const std::uint64_t files = megabytes < 100 ? 300 : megabytes;
    for (std::uint64_t file = 0; file < files; ++file) {
      const auto path =
          folder_ / "tree" / concat("package_", file % 20) / concat("module_", file, ".py");
      fs::create_directories(path.parent_path());
      std::ofstream(path) << module_text(random, megabytes * megabyte / files);
    }
  }
  tree(const tree&) = delete;
  tree& operator=(const tree&) = delete;
  ~tree() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  static const tree& of(std::uint64_t megabytes) {
    static std::map<std::uint64_t, tree> made;
    return made.try_emplace(megabytes, megabytes).first->second;
  }

  deploy::bundle collected() const {
    const deploy::bundle_rule rule{.name = "tree",
                                   .kind = deploy::bundle_kind::py_files,
                                   .folder = folder_ / "tree",
                                   .include = {},
                                   .exclude = {},
                                   .alias = {}};
    return deploy::collect({rule}, folder_).at(0);
  }
  fs::path zip() const { return folder_ / "tree.zip"; }

 private:
  fs::path folder_;
};

void find_and_hash(benchmark::State& state) {
  const auto megabytes = static_cast<std::uint64_t>(state.range(0));
  const auto& project = tree::of(megabytes);
  for (auto _ : state) {
    auto bundle = project.collected();
    benchmark::DoNotOptimize(bundle);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(megabytes * megabyte));
}
BENCHMARK(find_and_hash)->Arg(5)->Arg(500)->Unit(benchmark::kMillisecond)->UseRealTime();

void pack(benchmark::State& state) {
  const auto megabytes = static_cast<std::uint64_t>(state.range(0));
  const auto& project = tree::of(megabytes);
  const auto bundle = project.collected();
  for (auto _ : state) deploy::write_zip(bundle, project.zip());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(megabytes * megabyte));
  state.counters["of_its_size"] =
      static_cast<double>(fs::file_size(project.zip())) / static_cast<double>(bundle.bytes);
}
BENCHMARK(pack)->Arg(5)->Arg(500)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
