// The fields of a message: a tuple that is cheap to compile. The constructors of std::tuple, of
// which each message needs some, took half of the time to compile what includes the operations.
#pragma once

#include <cstddef>

namespace smile {

template <class... Fields>
struct FieldList;

template <>
struct FieldList<> {
  static constexpr size_t kCount = 0;

  template <class Visit, class... Before>
  constexpr decltype(auto) Apply(Visit&& visit, const Before&... before) const {
    return visit(before...);
  }
};

template <class First, class... Rest>
struct FieldList<First, Rest...> {
  static constexpr size_t kCount = 1 + sizeof...(Rest);

  constexpr explicit FieldList(First field, Rest... others) : first(field), rest(others...) {}

  // Calls visit(fields...) with `before` and all fields in order.
  template <class Visit, class... Before>
  constexpr decltype(auto) Apply(Visit&& visit, const Before&... before) const {
    return rest.Apply(visit, before..., first);
  }

  First first;
  FieldList<Rest...> rest;
};

template <class... Fields>
FieldList(Fields...) -> FieldList<Fields...>;

}  // namespace smile
