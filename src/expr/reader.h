// What the two readers share: the text and its positions, names, numerals, local names.
#ifndef CONGRUA_EXPR_READER_H_
#define CONGRUA_EXPR_READER_H_

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "congrua/text.h"
#include "expr/builder.h"
#include "expr/text_ops.h"

namespace congrua::internal {

class Reader {
 protected:
  Reader(Builder& builder, std::string_view text, const ParseOptions& options)
      : b_(builder), text_(text), options_(options) {}

  bool at_end() const { return pos_ >= text_.size(); }
  char peek(size_t ahead = 0) const {
    return pos_ + ahead < text_.size() ? text_[pos_ + ahead] : '\0';
  }
  // Blanks, and with `comments` what stands between ';' and the end of the line.
  void skip_space(bool comments);

  // "line:column: message", both from 1; columns count bytes.
  absl::Status error(size_t offset, std::string_view message) const;
  std::string position(size_t offset) const;
  std::string describe_here() const;  // what stands at pos_, for messages

  // Requires a name start or '|' at pos_; moves behind the name. The view lives as long
  // as this.
  absl::StatusOr<std::string_view> read_name();
  // Requires a digit, or '-' and a digit or "oo", at pos_.
  absl::StatusOr<const Node*> read_number();

  // The node of a name: a local name, else a symbol (made if the options allow it).
  absl::StatusOr<const Node*> resolve(std::string_view name, size_t offset);
  absl::StatusOr<const Node*> apply(const TextOpInfo& info, std::string_view name,
                                    std::span<const Node* const> args, size_t offset);
  const Node* literal(std::string_view text) { return b_.opaque(text, {}, Sort::kReal); }

  void bind(std::string_view name, const Node* value);
  size_t num_bound() const { return bound_.size(); }
  void unbind_to(size_t count);

  Builder& b_;
  std::string_view text_;
  const ParseOptions& options_;
  size_t pos_ = 0;

 private:
  std::unordered_map<std::string_view, std::vector<const Node*>> locals_;
  std::vector<std::string_view> bound_;
  std::deque<std::string> unescaped_;
};

}  // namespace congrua::internal

#endif  // CONGRUA_EXPR_READER_H_
