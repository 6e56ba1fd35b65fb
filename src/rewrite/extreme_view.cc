#include "rewrite/extreme_view.h"

#include "rewrite/simplifier.h"

namespace congrua::rewrite {

ExtremeView::ExtremeView(Builder& builder, const Node* n, const internal::Term& t)
    : builder_(builder), args_(internal::args_of(t.mono)), op_(seen(t)) {
  if (n == t.mono) return;
  coef_ = &t.coef;
  rest_ = builder.sub(n, builder.scale(t.mono, t.coef));
  wholes_.resize(args_.size());
}

const Node* ExtremeView::whole(size_t i) {
  if (coef_ == nullptr) return args_[i];
  if (wholes_[i] == nullptr) {
    wholes_[i] = builder_.add(builder_.scale(args_[i], *coef_), rest_);
  }
  return wholes_[i];
}

const Node* ExtremeView::without(size_t i) {
  if (size() == 2) return whole(1 - i);
  Simplifier::Nodes others;
  for (size_t j = 0; j < size(); ++j) {
    if (j != i) others.push_back(whole(j));
  }
  return builder_.minmax(op_, others);
}

}  // namespace congrua::rewrite
