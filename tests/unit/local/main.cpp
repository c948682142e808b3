// The tests; with "local" as first argument the endpoint that the launcher's tests start.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "base/failure.hpp"
#include "local/endpoint.hpp"

namespace {

int serve(int count, char** arguments) {
  livyd::local::endpoint_settings settings;
  settings.endpoint_idle_limit = std::chrono::seconds(30);
  for (int i = 2; i + 1 < count; i += 2) {
    const std::string name = arguments[i];
    if (name == "--state-file") settings.state_file = arguments[i + 1];
    if (name == "--python") settings.python = arguments[i + 1];
  }
  // A test's way to ask for an endpoint that ends at once with a reason.
  if (settings.python == "fail") {
    std::fputs("There is no port left.\n", stderr);
    return 1;
  }
  try {
    return livyd::local::serve_endpoint(settings);
  } catch (const livyd::failure& problem) {
    std::fprintf(stderr, "%s\n", problem.message().c_str());
    return 1;
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count > 1 && std::string(arguments[1]) == "local") return serve(count, arguments);
  ::testing::InitGoogleTest(&count, arguments);
  return RUN_ALL_TESTS();
}
