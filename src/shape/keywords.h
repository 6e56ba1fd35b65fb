// Words that are no names in the languages that guards are printed in.
#ifndef CONGRUA_SHAPE_KEYWORDS_H_
#define CONGRUA_SHAPE_KEYWORDS_H_

#include <string_view>

#include "shape/emit.h"

namespace congrua::shape::emit {

bool is_keyword(std::string_view word, Language language);

}  // namespace congrua::shape::emit

#endif  // CONGRUA_SHAPE_KEYWORDS_H_
