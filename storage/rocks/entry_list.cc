#include "storage/rocks/entry_list.h"

#include <bit>
#include <new>

#include "base/check.h"
#include "base/coding.h"

namespace smile {

InternalKey InternalKey::Of(ByteView encoded) {
  CHECK(encoded.size() >= sizeof(uint64_t));
  const size_t size = encoded.size() - sizeof(uint64_t);
  return {encoded.substr(0, size), LoadLittle<uint64_t>(encoded.data() + size)};
}

InternalKey InternalKey::OfEntry(const char* entry) {
  size_t size = 0;
  int shift = 0;
  while ((*entry & 0x80) != 0) {
    size |= static_cast<size_t>(*entry++ & 0x7f) << shift;
    shift += 7;
  }
  size |= static_cast<size_t>(*entry++) << shift;
  return Of({entry, size});
}

EntryNode* EntryNode::Make(char* entry, int height) {
  CHECK(height >= 1 && height <= kMaxHeight);
  CHECK(reinterpret_cast<uintptr_t>(entry) % alignof(EntryNode) == 0);
  for (int lane = 0; lane < height; ++lane) {
    new (entry - BytesBefore(lane + 1)) std::atomic<EntryNode*>(nullptr);
  }
  auto* const node = new (entry - sizeof(EntryNode)) EntryNode;
  node->next_.store(std::bit_cast<EntryNode*>(static_cast<uintptr_t>(height)),
                    std::memory_order_relaxed);
  return node;
}

void EntryList::Insert(EntryNode* node, Allocate allocate) {
  const InternalKey key = InternalKey::OfEntry(node->entry());
  auto height =
      static_cast<int>(std::bit_cast<uintptr_t>(node->next_.load(std::memory_order_relaxed)));
  CHECK(height >= 1 && height <= EntryNode::kMaxHeight, "a node is inserted once");
  Lanes* lanes = lanes_.load(std::memory_order_relaxed);
  if (lanes == nullptr && ++entries_ == kPlainEntries) {
    lanes = new (allocate(sizeof(Lanes))) Lanes;
    lanes_.store(lanes, std::memory_order_release);
  }
  if (lanes == nullptr) height = 1;

  // From the highest lane down: the last node before the key in each lane.
  std::array<Link*, EntryNode::kMaxHeight> links;
  EntryNode* before = nullptr;
  for (int lane = lanes == nullptr ? 0 : EntryNode::kMaxHeight - 1; lane >= 0; --lane) {
    Link* const head = lane == 0 ? &first_ : &lanes->heads[static_cast<size_t>(lane - 1)];
    for (;;) {
      Link& link = LinkBehind(before, head, lane);
      EntryNode* const next = link.load(std::memory_order_relaxed);
      links[static_cast<size_t>(lane)] = &link;
      if (next == nullptr || !InternalKey::OfEntry(next->entry()).Before(key)) break;
      before = next;
    }
  }
  for (int lane = 0; lane < height; ++lane) {
    Link* const link = links[static_cast<size_t>(lane)];
    node->Lane(lane).store(link->load(std::memory_order_relaxed), std::memory_order_relaxed);
    link->store(node, std::memory_order_release);
  }
}

const EntryNode* EntryList::Seek(const InternalKey& key) const {
  auto* const self = const_cast<EntryList*>(this);  // links are only read
  Lanes* const lanes = lanes_.load(std::memory_order_acquire);
  EntryNode* before = nullptr;
  EntryNode* next = nullptr;
  for (int lane = lanes == nullptr ? 0 : EntryNode::kMaxHeight - 1; lane >= 0; --lane) {
    Link* const head = lane == 0 ? &self->first_ : &lanes->heads[static_cast<size_t>(lane - 1)];
    for (;;) {
      next = LinkBehind(before, head, lane).load(std::memory_order_acquire);
      if (next == nullptr || !InternalKey::OfEntry(next->entry()).Before(key)) break;
      before = next;
    }
  }
  return next;
}

}  // namespace smile
