#include "cli/paths.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace congrua::cli {
namespace {

using Names = std::vector<std::string>;

class Paths : public testing::Test {
 protected:
  void SetUp() override {
    root_ = testing::TempDir() + "congrua_paths_" +
            testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_ + "/sub/deep");
    for (const char* name : {"b.smt2", "a.smt2", "c.smt2.xz", "notes.md", "sub/x.smt2.gz",
                             "sub/deep/y.smt2", "sub/EXPECTED.csv"}) {
      std::ofstream(root_ + "/" + name) << "x";
    }
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  Names expand(const Names& given) const {
    Names out = expand_paths(given);
    for (std::string& f : out) {
      if (f.starts_with(root_ + "/")) f = f.substr(root_.size() + 1);
    }
    return out;
  }
  std::string root_;
};

TEST_F(Paths, FolderIsSearchedInOrder) {
  EXPECT_EQ(expand({root_}),
            (Names{"a.smt2", "b.smt2", "c.smt2.xz", "sub/deep/y.smt2", "sub/x.smt2.gz"}));
}

TEST_F(Paths, PatternsFilesAndMissingOnes) {
  EXPECT_EQ(expand({root_ + "/*.smt2"}), (Names{"a.smt2", "b.smt2"}));
  EXPECT_EQ(expand({root_ + "/none.smt2", root_ + "/no*.smt2"}),
            (Names{"none.smt2", "no*.smt2"}));
  EXPECT_EQ(expand({root_ + "/notes.md"}), (Names{"notes.md"}));
  EXPECT_EQ(expand({root_ + "/su?"}), (Names{"sub/deep/y.smt2", "sub/x.smt2.gz"}));
}

TEST_F(Paths, EachFileOnce) {
  EXPECT_EQ(expand({root_ + "/b.smt2", root_ + "/*.smt2", root_ + "/b.smt2"}),
            (Names{"b.smt2", "a.smt2"}));
}

TEST_F(Paths, AFileWhoseNameIsAPattern) {
  std::ofstream(root_ + "/q[1].smt2") << "x";
  EXPECT_EQ(expand({root_ + "/q[1].smt2"}), (Names{"q[1].smt2"}));
}

TEST_F(Paths, Lists) {
  std::ofstream(root_ + "/list")
      << "# comment\n\nb.smt2\r\nsub/deep/y.smt2\nmissing.smt2\n";
  std::filesystem::copy(root_ + "/list", root_ + "/list.txt");
  const Names want = {"b.smt2", "sub/deep/y.smt2", "missing.smt2"};
  EXPECT_EQ(expand({"@" + root_ + "/list"}), want);
  EXPECT_EQ(expand({root_ + "/list.txt"}), want);
  EXPECT_EQ(expand_paths({"@" + root_ + "/nolist"}), (Names{"@" + root_ + "/nolist"}));
}

TEST_F(Paths, SampleTakesEveryKth) {
  Names files;
  for (int i = 0; i < 10; ++i) files.push_back(std::to_string(i));
  EXPECT_EQ(sample(files, 1), files);
  EXPECT_EQ(sample(files, 0), files);
  EXPECT_EQ(sample(files, 4), (Names{"0", "4", "8"}));
  EXPECT_EQ(sample(files, 100), (Names{"0"}));
}

TEST_F(Paths, FamiliesByPrefix) {
  EXPECT_EQ(families({"d/generated/cnn_002_s1_A.smt2", "d/generated/cnn_004_s1_C.smt2.xz",
                      "d/generated/unet_1.smt2", "plain.smt2"}),
            (Names{"generated/cnn", "generated/cnn", "generated/unet", "plain"}));
}

TEST_F(Paths, FamiliesByKindOrFolderWhereThereAreManyPrefixes) {
  Names files, kinds, models;
  for (char c = 'a'; c <= 'z'; ++c) {
    files.push_back(std::string("torch/") + c + "_x.e1.g07.smt2");
    kinds.emplace_back("torch/*.g");
  }
  files.push_back("torch/a_x.sat.smt2");
  kinds.emplace_back("torch/*.sat");
  EXPECT_EQ(families(files), kinds);
  for (char c = 'a'; c <= 'z'; ++c)
    models.push_back(std::string("orig/") + c + "Model___4.smt2");
  EXPECT_EQ(families(models), Names(26, "orig"));
}

TEST_F(Paths, Parts) {
  EXPECT_EQ(plain_name("a/b.smt2.xz"), "b.smt2");
  EXPECT_EQ(plain_name("b.smt2"), "b.smt2");
  EXPECT_EQ(folder_of("a/b/c"), "a/b");
  EXPECT_EQ(folder_of("c"), ".");
  EXPECT_EQ(folder_of("/c"), "/");
}

}  // namespace
}  // namespace congrua::cli
