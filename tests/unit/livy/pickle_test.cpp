// The pickles of the side channel, read as Python 3.8 and 3.13 wrote them (both the same bytes).
#include <gtest/gtest.h>

#include "base/text.hpp"
#include "livy/side_channel.hpp"
#include "loop.hpp"

namespace livyd::livy {
namespace {

using namespace std::string_literals;
using test::failure_of;

std::string from_hex(std::string_view digits) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < digits.size(); at += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(digits.substr(at, 2)), nullptr, 16)));
  }
  return bytes;
}

struct pickle_case {
  const char* what;
  std::string pickle;
  std::string value;
};

TEST(Pickle, IsReadAsEveryProtocolOfPythonWritesIt) {
  const auto word = "hé 世"s;
  const auto odd = "\0\xff\n."s;
  const pickle_case cases[] = {
      {"2, no text", from_hex("8002580000000071002e"), ""},
      {"2, text", from_hex("8002580700000068c3a920e4b89671002e"), word},
      {"2, no bytes", from_hex("8002635f5f6275696c74696e5f5f0a62797465730a7100295271012e"), ""},
      {"2, bytes",
       from_hex("8002635f636f646563730a656e636f64650a7100580500000000c3bf0a2e710158060000006c617469"
                "6e3171028671035271042e"),
       odd},
      {"3, no text", from_hex("8003580000000071002e"), ""},
      {"3, text", from_hex("8003580700000068c3a920e4b89671002e"), word},
      {"3, no bytes", from_hex("8003430071002e"), ""},
      {"3, bytes", from_hex("8003430400ff0a2e71002e"), odd},
      {"4, no text", from_hex("80049504000000000000008c00942e"), ""},
      {"4, text", from_hex("8004950b000000000000008c0768c3a920e4b896942e"), word},
      {"4, no bytes", from_hex("80049504000000000000004300942e"), ""},
      {"4, bytes", from_hex("8004950800000000000000430400ff0a2e942e"), odd},
      {"5, no text", from_hex("80059504000000000000008c00942e"), ""},
      {"5, text", from_hex("8005950b000000000000008c0768c3a920e4b896942e"), word},
      {"5, no bytes", from_hex("80059504000000000000004300942e"), ""},
      {"5, bytes", from_hex("8005950800000000000000430400ff0a2e942e"), odd},
      {"5, a bytearray", from_hex("8005950d000000000000009602000000000000006162942e"), "ab"},
      {"2, of Python 2", from_hex("800255036162ff71002e"), "ab\xff"},
      {"0 to 1 write PUT as a line", "\x80\x02X\x01\0\0\0ap0\n."s, "a"},
      {"2, the 257th in a memo", "\x80\x02X\x01\0\0\0ar\0\x01\0\0."s, "a"},
  };
  for (const auto& one : cases) {
    auto pickle = one.pickle;
    EXPECT_EQ(unpickled_text(pickle), one.value) << one.what;
  }
}

TEST(Pickle, IsReadInEveryLengthForm) {
  const std::string text(300, 'x');
  const auto frame = "\x80\x05\x95\x33\x01\0\0\0\0\0\0"s;
  const pickle_case cases[] = {
      {"2, text", concat("\x80\x02X\x2c\x01\0\0"s, text, "q\0."s), text},
      {"3, bytes",
       concat("\x80\x03"
              "B\x2c\x01\0\0"s,
              text, "q\0."s),
       text},
      {"5, text", concat(frame, "X\x2c\x01\0\0"s, text, "\x94."), text},
      {"5, bytes", concat(frame, "B\x2c\x01\0\0"s, text, "\x94."), text},
      {"eight bytes, text", concat("\x80\x04\x8d\x2c\x01\0\0\0\0\0\0"s, text, "\x94."), text},
      {"eight bytes, bytes", concat("\x80\x04\x8e\x2c\x01\0\0\0\0\0\0"s, text, "\x94."), text},
      {"four bytes of Python 2", concat("\x80\x02T\x2c\x01\0\0"s, text, "q\0."s), text},
  };
  for (const auto& one : cases) EXPECT_EQ(unpickled_text(one.pickle), one.value) << one.what;
}

TEST(Pickle, OfAnotherValueIsRefused) {
  const pickle_case cases[] = {
      {"nothing", "", ""},
      {"None", "\x80\x05N.", ""},
      {"a number", "\x80\x05K\x01.", ""},
      {"an empty stack", "\x80\x05.", ""},
      {"a function",
       "\x80\x02"
       "cos\nsystem\n.",
       ""},
      {"a call of something else",
       "\x80\x02"
       "cos\nsystem\nX\x02\0\0\0ls\x85R."s,
       ""},
      {"a tuple", "\x80\x02X\x01\0\0\0a\x85."s, ""},
      {"a call of nothing", "\x80\x02R.", ""},
      {"text that is no latin1",
       "\x80\x02"
       "c_codecs\nencode\nX\x03\0\0\0\xe4\xb8\x96X\x06\0\0\0latin1\x86R."s,
       ""},
      {"half a character",
       "\x80\x02"
       "c_codecs\nencode\nX\x01\0\0\0\xc3X\x06\0\0\0latin1\x86R."s,
       ""},
      {"a length beyond the end",
       "\x80\x05X\xff\xff\xff\xff"
       "abc.",
       ""},
      {"a length beyond memory",
       "\x80\x05\x8d\xff\xff\xff\xff\xff\xff\xff\xff"
       "abc.",
       ""},
      {"no end of a line",
       "\x80\x02"
       "cbuiltins",
       ""},
  };
  for (const auto& one : cases) {
    const auto reason = failure_of([&] { unpickled_text(one.pickle); });
    EXPECT_EQ(reason.kind(), failure_kind::not_livy) << one.what;
  }
}

TEST(Pickle, CutAnywhereIsRefused) {
  for (const auto& whole :
       {from_hex("8005950b000000000000008c0768c3a920e4b896942e"),
        from_hex("8002635f636f646563730a656e636f64650a7100580500000000c3bf0a2e710158060000006c61746"
                 "96e3171028671035271042e")}) {
    for (std::size_t length = 0; length < whole.size(); ++length) {
      const auto reason = failure_of([&] { unpickled_text(whole.substr(0, length)); });
      EXPECT_EQ(reason.kind(), failure_kind::not_livy) << length;
    }
  }
}

TEST(Pickle, OfAFunctionIsAConstantFrameAroundTheExpression) {
  EXPECT_EQ(pickled_function("1"),
            "\x80\x02"
            "cbuiltins\neval\nX\x0d\0\0\0lambda ctx: 1\x85R."s);
  const auto longer = pickled_function(std::string(70'000, '1'));
  EXPECT_EQ(longer.substr(18, 4), "\x7c\x11\x01\0"s);
}

}  // namespace
}  // namespace livyd::livy
