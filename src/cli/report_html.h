// The bench's results as one HTML page that needs nothing else.
#ifndef CONGRUA_CLI_REPORT_HTML_H_
#define CONGRUA_CLI_REPORT_HTML_H_

#include <string>
#include <string_view>
#include <vector>

#include "cli/row.h"

namespace congrua::cli {

// `command` is shown at the top: how to make the page again.
std::string html_report(const std::vector<RunRow>& rows, std::string_view command);

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_REPORT_HTML_H_
