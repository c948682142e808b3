// The program's entry: safe standard descriptors, the log, one command, and out.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "cli/cli.hpp"

namespace {

/// A closed standard descriptor would be given to the next file that is opened.
void open_standard_descriptors() {
  for (int number = 0; number <= 2; ++number) {
    if (::fcntl(number, F_GETFD) < 0) ::open("/dev/null", O_RDWR);
  }
}

}  // namespace

int main(int count, char** words) {
  open_standard_descriptors();
  ::signal(SIGPIPE, SIG_IGN);
  const int code = livyd::run_command_line(std::vector<std::string>(words + 1, words + count));
  std::fflush(stdout);
  livyd::log::flush();
  // A name look-up that is under way can be neither cancelled nor abandoned: do not wait for it.
  std::_Exit(code);
}
