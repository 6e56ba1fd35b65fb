// Plots as inline SVG. Colours come from the page: classes s0 to s7 for series, `axis`,
// `grid`, `label`.
#ifndef CONGRUA_CLI_PLOT_H_
#define CONGRUA_CLI_PLOT_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace congrua::cli {

// Text with &, <, >, " and ' as entities.
std::string html_escape(std::string_view text);

struct Curve {
  std::string name;
  std::vector<std::pair<double, double>> points;  // x ascending; y in milliseconds, > 0
};
// Steps over a linear x axis and a logarithmic axis of time. Empty without points.
std::string curve_plot(const std::vector<Curve>& curves, std::string_view x_title,
                       std::string_view y_title);

struct Dot {
  double x_ms, y_ms;  // negative: not solved, drawn at the far edge
  std::string name;   // shown under the pointer
};
// Both axes logarithmic and of one scale, with the diagonal. Empty without dots.
std::string dot_plot(const std::vector<Dot>& dots, std::string_view x_title,
                     std::string_view y_title);

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_PLOT_H_
