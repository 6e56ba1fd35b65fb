#include "cli/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace congrua::cli {
namespace {

constexpr size_t kSeries = 8;
constexpr double kLeft = 72, kTop = 16, kBottom = 52;

std::string time_text(double ms) {
  if (ms >= 999.5) return fmt::format("{:g} s", ms / 1e3);
  if (ms >= 0.9995) return fmt::format("{:g} ms", ms);
  if (ms >= 0.0009995) return fmt::format("{:g} µs", ms * 1e3);
  return fmt::format("{:g} ns", ms * 1e6);
}

// Whole decades around the values, at least one.
struct LogAxis {
  int low = 0, high = 1;  // powers of ten

  void fit(double least, double most) {
    low = static_cast<int>(std::floor(std::log10(least)));
    high = static_cast<int>(std::ceil(std::log10(most)));
    if (high <= low) high = low + 1;
  }
  // 0 to 1.
  double place(double v) const { return (std::log10(v) - low) / (high - low); }
};

struct Box {
  double width, height;  // of the plot's area
  double x(double share) const { return kLeft + share * width; }
  double y(double share) const { return kTop + (1 - share) * height; }
};

void text(std::string& out, double x, double y, std::string_view anchor,
          std::string_view what, std::string_view more = "") {
  out += fmt::format(
      "<text class=\"label\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>\n",
      x, y, anchor, more, html_escape(what));
}

void line(std::string& out, std::string_view cls, double x0, double y0, double x1,
          double y1) {
  out += fmt::format(
      "<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n",
      cls, x0, y0, x1, y1);
}

// Grid and numbers of a logarithmic axis; minor lines where there is room for them.
void log_grid(std::string& out, const Box& box, const LogAxis& axis, bool vertical) {
  const double room = (vertical ? box.height : box.width) / (axis.high - axis.low);
  for (int d = axis.low; d <= axis.high; ++d) {
    const double v = std::pow(10.0, d);
    for (int m = 1; m <= 9 && (m == 1 || (room > 60 && d < axis.high)); ++m) {
      const double share = axis.place(v * m);
      const std::string_view cls = m == 1 ? "grid" : "grid minor";
      if (vertical) {
        line(out, cls, box.x(0), box.y(share), box.x(1), box.y(share));
      } else {
        line(out, cls, box.x(share), box.y(0), box.x(share), box.y(1));
      }
    }
    if (vertical) {
      text(out, kLeft - 8, box.y(axis.place(v)) + 4, "end", time_text(v));
    } else {
      text(out, box.x(axis.place(v)), box.y(0) + 18, "middle", time_text(v));
    }
  }
}

void frame(std::string& out, const Box& box, std::string_view x_title,
           std::string_view y_title) {
  line(out, "axis", box.x(0), box.y(0), box.x(1), box.y(0));
  line(out, "axis", box.x(0), box.y(0), box.x(0), box.y(1));
  text(out, box.x(0.5), box.y(0) + 42, "middle", x_title);
  const double middle = box.y(0.5);
  text(out, 14, middle, "middle", y_title,
       fmt::format(" transform=\"rotate(-90 14 {:.1f})\"", middle));
}

std::string open_svg(double width, double height, std::string_view what) {
  return fmt::format(
      "<svg viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "role=\"img\" "
      "aria-label=\"{2}\">\n",
      width, height, html_escape(what));
}

// 1, 2 or 5 times a power of ten, so that there are 4 to 10 steps.
double round_step(double range) {
  const double raw = std::max(range, 1.0) / 6;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  for (const double m : {1.0, 2.0, 5.0}) {
    if (raw <= m * power) return std::max(1.0, m * power);
  }
  return 10 * power;
}

}  // namespace

std::string html_escape(std::string_view text_in) {
  std::string out;
  for (const char c : text_in) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        // Control characters are not allowed in XML, escaped or not.
        out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? '?' : c;
    }
  }
  return out;
}

std::string curve_plot(const std::vector<Curve>& curves, std::string_view x_title,
                       std::string_view y_title) {
  double least = std::numeric_limits<double>::infinity(), most = 0, x_max = 0;
  for (const Curve& c : curves) {
    for (const auto& [x, y] : c.points) {
      least = std::min(least, y);
      most = std::max(most, y);
      x_max = std::max(x_max, x);
    }
  }
  if (most <= 0) return "";
  LogAxis axis;
  axis.fit(least, most);
  const Box box = {460, 320};
  const double legend = 20.0 * static_cast<double>(curves.size());
  const double height = kTop + box.height + kBottom + legend;
  std::string out = open_svg(kLeft + box.width + 24, height, y_title);
  log_grid(out, box, axis, /*vertical=*/true);
  const double step = round_step(x_max);
  for (double x = 0; x <= x_max; x += step) {
    line(out, "grid minor", box.x(x / x_max), box.y(0), box.x(x / x_max), box.y(1));
    text(out, box.x(x / x_max), box.y(0) + 18, "middle", fmt::format("{:.0f}", x));
  }
  frame(out, box, x_title, y_title);
  for (size_t i = 0; i < curves.size(); ++i) {
    const std::string cls = fmt::format("s{}", i % kSeries);
    std::string path;
    double before = 0;
    for (const auto& [x, y] : curves[i].points) {
      const double at = box.y(axis.place(y));
      path += fmt::format("{}{:.1f} {:.1f}H{:.1f}", path.empty() ? "M" : "L",
                          box.x(before / x_max), at, box.x(x / x_max));
      before = x;
    }
    out += fmt::format("<path class=\"curve {}\" d=\"{}\"><title>{}</title></path>\n",
                       cls, path, html_escape(curves[i].name));
    const double at = kTop + box.height + kBottom + 14 + 20.0 * static_cast<double>(i);
    line(out, "curve " + cls, kLeft, at - 4, kLeft + 28, at - 4);
    text(out, kLeft + 36, at, "start",
         fmt::format("{} ({:.0f})", curves[i].name,
                     curves[i].points.empty() ? 0 : before));
  }
  return out + "</svg>\n";
}

std::string dot_plot(const std::vector<Dot>& dots, std::string_view x_title,
                     std::string_view y_title) {
  double least = std::numeric_limits<double>::infinity(), most = 0;
  bool unsolved = false;
  for (const Dot& d : dots) {
    for (const double v : {d.x_ms, d.y_ms}) {
      unsolved = unsolved || v < 0;
      if (v < 0) continue;
      least = std::min(least, v);
      most = std::max(most, v);
    }
  }
  if (most <= 0) return "";
  LogAxis axis;
  axis.fit(least, most);
  const Box box = {380, 380};
  constexpr double kEdge = 18;  // where unsolved files lie, beyond the last decade
  std::string out =
      open_svg(kLeft + box.width + 24 + kEdge, kTop + kEdge + box.height + kBottom,
               fmt::format("{} against {}", y_title, x_title));
  out += fmt::format("<g transform=\"translate(0 {})\">\n", kEdge);
  log_grid(out, box, axis, /*vertical=*/true);
  log_grid(out, box, axis, /*vertical=*/false);
  frame(out, box, x_title, y_title);
  line(out, "diagonal", box.x(0), box.y(0), box.x(1), box.y(1));
  if (unsolved) {
    text(out, box.x(1), box.y(1) - kEdge - 6, "end", "not solved: at the edges");
  }
  for (const Dot& d : dots) {
    const double x = d.x_ms < 0 ? box.x(1) + kEdge : box.x(axis.place(d.x_ms));
    const double y = d.y_ms < 0 ? box.y(1) - kEdge : box.y(axis.place(d.y_ms));
    const auto shown = [](double ms) {
      return ms < 0 ? std::string("not solved") : time_text(ms);
    };
    out += fmt::format(
        "<circle class=\"dot{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.5\"><title>{}: {} / "
        "{}</title>"
        "</circle>\n",
        d.x_ms < 0 || d.y_ms < 0 ? " unsolved" : "", x, y, html_escape(d.name),
        shown(d.x_ms), shown(d.y_ms));
  }
  return out + "</g></svg>\n";
}

}  // namespace congrua::cli
