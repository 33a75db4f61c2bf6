//===- Model.cpp - An ONNX file in memory ---------------------------------===//

#include "compiler/Import/Onnx/Model.h"
#include "compiler/Import/Onnx/Schema.h"
#include "compiler/Support/Hash.h"
#include "llvm/ADT/Twine.h"
#include <cerrno>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace llvm;
using namespace burin;

/// Messages inside messages. Three of them are one subgraph.
static constexpr int maxNesting = 256;

namespace {
/// A file as a stream, so that it is never in memory as a whole.
class FileStream : public google::protobuf::io::CopyingInputStream {
public:
  explicit FileStream(int descriptor) : descriptor(descriptor) {}
  ~FileStream() override { close(descriptor); }

  int Read(void *buffer, int size) override {
    ssize_t count;
    do
      count = ::read(descriptor, buffer, size);
    while (count < 0 && errno == EINTR);
    if (count < 0)
      error = errno;
    else
      hasher.add(StringRef(static_cast<const char *>(buffer), count));
    return int(count);
  }
  int getError() const { return error; }
  std::string getHash() const { return hasher.get(); }

private:
  int descriptor;
  int error = 0;
  Hasher hasher;
};
} // namespace

/// Opens a regular file of a size that protobuf can read.
static Status openModel(const std::string &path, int &descriptor) {
  // Not to wait for the writer of a FIFO.
  descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    return {ExitCode::Invalid, Twine("cannot be opened: ") + strerror(errno)};
  struct stat about;
  if (fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode) &&
      about.st_size <= INT_MAX)
    return {};
  close(descriptor);
  if (S_ISREG(about.st_mode))
    return {ExitCode::Invalid,
            "is larger than 2 GB, more than an ONNX file can "
            "be; keep its weights in external data"};
  return {ExitCode::Invalid, "is not a regular file"};
}

Status Model::read(const std::string &path, std::unique_ptr<Model> &model) {
  int descriptor;
  if (Status status = openModel(path, descriptor); !status.isOk())
    return status;
  FileStream file(descriptor);
  google::protobuf::io::CopyingInputStreamAdaptor stream(&file, 1 << 20);
  google::protobuf::io::CodedInputStream coded(&stream);
  coded.SetTotalBytesLimit(INT_MAX);
  coded.SetRecursionLimit(maxNesting);
  auto proto = std::make_unique<onnx::ModelProto>();
  bool read =
      proto->ParseFromCodedStream(&coded) && coded.ConsumedEntireMessage();
  if (file.getError())
    return {ExitCode::Machine,
            Twine("cannot be read: ") + strerror(file.getError())};
  if (!read)
    return {ExitCode::Invalid, "is not an ONNX model, or damaged: it is no "
                               "protobuf message"};
  if (!proto->has_graph())
    return {ExitCode::Invalid, "is not an ONNX model: it has no graph"};
  model.reset(new Model(std::move(proto), path));
  model->hash = file.getHash();
  return {};
}

std::unique_ptr<Model> Model::make(onnx::ModelProto &&proto,
                                   const std::string &path) {
  return std::unique_ptr<Model>(
      new Model(std::make_unique<onnx::ModelProto>(std::move(proto)), path));
}

Model::Model(std::unique_ptr<onnx::ModelProto> given, const std::string &path)
    : proto(std::move(given)), path(path),
      files(std::make_unique<ExternalFiles>(path)) {
  for (const onnx::FunctionProto &function : proto->functions())
    functions.try_emplace(getFunctionKey(function), &function);
}

Model::~Model() = default;

static std::string makeKey(StringRef domain, StringRef name,
                           StringRef overload) {
  std::string key = getDomain(domain).str();
  for (StringRef part : {name, overload}) {
    key += '\0';
    key += part;
  }
  return key;
}

std::string burin::getFunctionKey(const onnx::FunctionProto &function) {
  return makeKey(function.domain(), function.name(), getOverload(function));
}

std::string burin::getFunctionKey(const onnx::NodeProto &node) {
  return makeKey(node.domain(), node.op_type(), getOverload(node));
}

const onnx::FunctionProto *
Model::findFunction(const onnx::NodeProto &node) const {
  return functions.empty() ? nullptr : functions.lookup(getFunctionKey(node));
}
