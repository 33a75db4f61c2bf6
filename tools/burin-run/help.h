//===- help.h - What --help and --version print -----------------*- C++ -*-===//

#ifndef BURIN_RUN_HELP_H
#define BURIN_RUN_HELP_H

namespace burin_run {

extern const char usageText[];
extern const char linkedUsageText[]; ///< Of a program that has its model in it.
extern const char helpText[];
extern const char examplesText[];
extern const char versionText[];

} // namespace burin_run

#endif // BURIN_RUN_HELP_H
