import { expect, test } from "vitest";
import { placesOfWords, Searched } from "./search";

const found = (text: string, wanted: string) => new Searched(text).find(wanted).map(([a, b]) => text.slice(a, b));

test.each([
  ["İzmir çok güzel, It’s", "izmir", ["İzmir"]],
  ["İzmir çok güzel, It’s", "güzel", ["güzel"]],
  ["İzmir çok güzel, It’s", "IT'S", ["It’s"]],
  ["ISPARTA ısı", "ısı", ["ısı"]],
  ["IŞIK", "ışık", ["IŞIK"]],
  ["Izmir İzmir izmir i̇zmir", "İZMİR", ["Izmir", "İzmir", "izmir", "i̇zmir"]],
  ["die Straße", "STRASSE", ["Straße"]],
  ["ΟΔΟΣ οδός", "οδος", ["ΟΔΟΣ", "οδός"]],
  ["peut-être", "peut‑être", ["peut-être"]],
  ["s'appelle, s’appelle, sʼappelle", "s‘appelle", ["s'appelle", "s’appelle", "sʼappelle"]],
  ["“Yes”", '"yes"', ["“Yes”"]],
  ["the ﬁrst", "fi", ["ﬁ"]],
  ["two\n  words", "two words", ["two\n  words"]],
  ["co\u00adoperate", "cooperate", ["co\u00adoperate"]],
  ["👩‍🏫 İ and more", "and", ["and"]],
  ["한국어", "한국".normalize("NFD"), ["한국"]],
  ["한국어".normalize("NFD"), "국어", ["국어".normalize("NFD")]],
  ["がっこう", "か", []],
  ["हिन्दी", "हिन्दी", ["हिन्दी"]],
  ["aaaa", "aa", ["aa", "aa"]],
  ["anything", "  ", []],
])("in %s, %s is found whole and nothing beside it", (text, wanted, right) => {
  expect(found(text, wanted)).toEqual(right);
});

test("an accent is one, in one piece or two, on either side", () => {
  for (const text of ["le café noir".normalize("NFC"), "le café noir".normalize("NFD")])
    for (const wanted of ["café".normalize("NFC"), "CAFÉ".normalize("NFD"), "cafe"])
      expect(found(text, wanted).map((one) => one.normalize("NFC"))).toEqual(["café"]);
  expect(found("cafe, cafè", "café")).toEqual([]);
});

test("a mark begins and ends where what is found does, after any letters before it", () => {
  expect(new Searched("İİİ güzel").find("güzel")).toEqual([[4, 9]]);
  expect(new Searched("é é x".normalize("NFD")).find("x")).toEqual([[6, 7]]);
});

test("words stand where they are written, whatever joins them", () => {
  expect(placesOfWords("mother-in-law is", ["mother", "-in", "-law", "is"])).toEqual([
    [0, 6],
    [6, 9],
    [9, 13],
    [14, 16],
  ]);
  expect(placesOfWords("你好吗", ["你", "好", "吗"])).toEqual([
    [0, 1],
    [1, 2],
    [2, 3],
  ]);
  expect(placesOfWords("a b", ["a", "x", "b"])).toEqual([
    [0, 1],
    [1, 1],
    [2, 3],
  ]);
});
