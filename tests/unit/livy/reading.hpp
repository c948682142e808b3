// A statement's answer, read as if it came over the wire.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "livy/statement_reader.hpp"

namespace livyd::test {

struct reading {
  livy::statement_view view;
  std::vector<std::string> texts;  ///< what was streamed, by part
  std::size_t largest_piece = 0;
  bool split_characters = false;  ///< a piece was no UTF-8 of its own
};

inline void take(reading& into, const std::vector<livy::output_piece>& pieces) {
  for (const auto& piece : pieces) {
    if (into.texts.size() <= piece.part) into.texts.resize(piece.part + 1);
    into.texts[piece.part].append(piece.text);
    into.largest_piece = std::max(into.largest_piece, piece.text.size());
    into.split_characters = into.split_characters || !is_valid_utf8(piece.text);
  }
}

inline reading read_in_pieces(std::string_view body, std::size_t piece_size) {
  reading result;
  livy::statement_reader reader;
  for (std::size_t at = 0; at < body.size(); at += piece_size) {
    take(result, reader.feed(body.substr(at, piece_size)));
  }
  reader.finish();
  result.view = reader.view();
  result.texts.resize(result.view.parts.size());
  return result;
}

}  // namespace livyd::test
