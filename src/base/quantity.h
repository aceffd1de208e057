#pragma once

namespace orrery {

/// A physical quantity in SI base units, typed by the exponents of
/// second, byte, FLOP, joule, US dollar, token, gram of CO2 and ampere.
///
/// Quantities of different dimension do not add or compare; equal dimensions divide to a plain
/// double. Comparisons are written out because a defaulted <=> costs instructions in g++ 12.
template <int Second, int Byte, int Flop, int Joule, int Dollar, int Token, int Gram, int Ampere>
class Quantity {
 public:
  constexpr Quantity() = default;
  constexpr explicit Quantity(double si) : si_(si) {}
  /// The value in SI base units (s, B, FLOP, J, USD, token, gCO2, A and their products).
  constexpr double si() const { return si_; }

  constexpr Quantity& operator+=(Quantity b) {
    si_ += b.si_;
    return *this;
  }
  friend constexpr Quantity operator+(Quantity a, Quantity b) { return Quantity(a.si_ + b.si_); }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return Quantity(a.si_ - b.si_); }
  friend constexpr Quantity operator*(Quantity a, double k) { return Quantity(a.si_ * k); }
  friend constexpr Quantity operator*(double k, Quantity a) { return Quantity(k * a.si_); }
  friend constexpr Quantity operator/(Quantity a, double k) { return Quantity(a.si_ / k); }
  friend constexpr bool operator<(Quantity a, Quantity b) { return a.si_ < b.si_; }
  friend constexpr bool operator>(Quantity a, Quantity b) { return a.si_ > b.si_; }
  friend constexpr bool operator<=(Quantity a, Quantity b) { return a.si_ <= b.si_; }
  friend constexpr bool operator>=(Quantity a, Quantity b) { return a.si_ >= b.si_; }
  friend constexpr bool operator==(Quantity a, Quantity b) { return a.si_ == b.si_; }
  friend constexpr bool operator!=(Quantity a, Quantity b) { return a.si_ != b.si_; }

 private:
  double si_ = 0;
};

template <int... A, int... B>
constexpr auto operator*(Quantity<A...> a, Quantity<B...> b) {
  if constexpr (((A == -B) && ...)) {
    return a.si() * b.si();
  } else {
    return Quantity<(A + B)...>(a.si() * b.si());
  }
}

template <int... A, int... B>
constexpr auto operator/(Quantity<A...> a, Quantity<B...> b) {
  if constexpr (((A == B) && ...)) {
    return a.si() / b.si();
  } else {
    return Quantity<(A - B)...>(a.si() / b.si());
  }
}

template <int... A>
constexpr auto operator/(double k, Quantity<A...> b) {
  return Quantity<(-A)...>(k / b.si());
}

//                               s  B  F  J  $  t  g  A
using Seconds = Quantity<1, 0, 0, 0, 0, 0, 0, 0>;
using Bytes = Quantity<0, 1, 0, 0, 0, 0, 0, 0>;
using Flops = Quantity<0, 0, 1, 0, 0, 0, 0, 0>;  ///< work, not speed
using Joules = Quantity<0, 0, 0, 1, 0, 0, 0, 0>;
using Dollars = Quantity<0, 0, 0, 0, 1, 0, 0, 0>;
using Tokens = Quantity<0, 0, 0, 0, 0, 1, 0, 0>;
using GramsCO2 = Quantity<0, 0, 0, 0, 0, 0, 1, 0>;
using Hertz = Quantity<-1, 0, 0, 0, 0, 0, 0, 0>;  ///< also requests per second
using BytesPerSecond = Quantity<-1, 1, 0, 0, 0, 0, 0, 0>;
using FlopsPerSecond = Quantity<-1, 0, 1, 0, 0, 0, 0, 0>;
using TokensPerSecond = Quantity<-1, 0, 0, 0, 0, 1, 0, 0>;
using Watts = Quantity<-1, 0, 0, 1, 0, 0, 0, 0>;
using JoulesPerByte = Quantity<0, -1, 0, 1, 0, 0, 0, 0>;
using JoulesPerFlop = Quantity<0, 0, -1, 1, 0, 0, 0, 0>;
using JoulesPerToken = Quantity<0, 0, 0, 1, 0, -1, 0, 0>;
using DollarsPerSecond = Quantity<-1, 0, 0, 0, 1, 0, 0, 0>;
using DollarsPerJoule = Quantity<0, 0, 0, -1, 1, 0, 0, 0>;
using DollarsPerToken = Quantity<0, 0, 0, 0, 1, -1, 0, 0>;
using GramsPerJoule = Quantity<0, 0, 0, -1, 0, 0, 1, 0>;
using Amperes = Quantity<0, 0, 0, 0, 0, 0, 0, 1>;
using Volts = Quantity<-1, 0, 0, 1, 0, 0, 0, -1>;

namespace literals {
constexpr Seconds operator""_s(long double v) { return Seconds(static_cast<double>(v)); }
constexpr Seconds operator""_s(unsigned long long v) { return Seconds(static_cast<double>(v)); }
constexpr Seconds operator""_ms(long double v) { return Seconds(static_cast<double>(v) * 1e-3); }
constexpr Seconds operator""_ms(unsigned long long v) { return Seconds(static_cast<double>(v) * 1e-3); }
constexpr Seconds operator""_us(long double v) { return Seconds(static_cast<double>(v) * 1e-6); }
constexpr Seconds operator""_us(unsigned long long v) { return Seconds(static_cast<double>(v) * 1e-6); }
constexpr Bytes operator""_GB(long double v) { return Bytes(static_cast<double>(v) * 1e9); }
constexpr Bytes operator""_GB(unsigned long long v) { return Bytes(static_cast<double>(v) * 1e9); }
constexpr Bytes operator""_GiB(long double v) { return Bytes(static_cast<double>(v) * 1073741824.0); }
constexpr Bytes operator""_GiB(unsigned long long v) { return Bytes(static_cast<double>(v) * 1073741824.0); }
constexpr BytesPerSecond operator""_TBps(long double v) { return BytesPerSecond(static_cast<double>(v) * 1e12); }
constexpr FlopsPerSecond operator""_TFLOPps(long double v) { return FlopsPerSecond(static_cast<double>(v) * 1e12); }
constexpr Watts operator""_W(long double v) { return Watts(static_cast<double>(v)); }
constexpr Watts operator""_W(unsigned long long v) { return Watts(static_cast<double>(v)); }
}  // namespace literals

}  // namespace orrery
