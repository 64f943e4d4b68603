"""What the recorded tokenizers learn from beside ../sentences.txt, and the texts whose ids are recorded. All written for this."""

learned = [
    "Der Bäcker öffnet früh, die Straße ist noch leer und müde.",
    "La boulangère ouvre son magasin très tôt; l'été, le pain est déjà chaud à six heures.",
    "El niño come una manzana en la montaña, ¿quién más quiere una?",
    "Ο φούρνος ανοίγει πριν από την ανατολή του ήλιου. ΟΔΟΣ ΣΙΣΥΦΟΣ",
    "Пекарь открывает лавку до восхода солнца, и хлеб уже горячий.",
    "الخباز يفتح متجره قبل شروق الشمس",
    "האופה פותח את החנות לפני הזריחה",
    "面包师在日出之前开店。天气很好,我们去公园散步。",
    "パン屋さんは日の出前に店を開けます。ガラス、ビル、東京。",
    "빵집은 해가 뜨기 전에 문을 엽니다.",
    "ร้านเบเกอรี่เปิดก่อนพระอาทิตย์ขึ้น",
    "बेकर सूर्योदय से पहले दुकान खोलता है।",
    "Tiệm bánh mở cửa trước khi mặt trời mọc.",
    "😀 🙂 👍 ❤️ I love it!!! #bread @baker 3.14 1,000 50% $5 co-op don't we'll it's",
    "the quick brown fox jumps over the lazy dog 0123456789",
]

texts = [
    # empty, spaces, line ends
    "", " ", "   ", "\t", "\n", "\r\n", "\r", "\n\n \t ", "a", " a", "a ", "  a  b  ", "a\tb\nc\r\nd\re", "\n a\n\n b \n",
    "\u00a0", "a\u00a0b", "\u3000面\u3000包\u3000", "a\u2003b\u2009c\u202fd\u205fe", "a\u2028b\u2029c", "a\x0bb\x0cc\x85d\x1ce\x1ff",
    # plain
    "The baker opens her shop before the sun comes up.", "THE BAKER OPENS HER SHOP", "Rain fell, on the harbour - all night long!",
    "don't we'll it's I'm you've they're he'd DON'T 'tis rock'n'roll '''", "3.14 1,000 50% $5 1e-5 2nd ½ Ⅷ ٣ ⅳ 10km²",
    "hello@example.com https://example.com/a?b=c&d=e#f C:\\path\\to #tag @user", "a.b,c;d:e!f?g(h)i[j]k{l}m<n>o/p|q~r`s^t_u+v=w*x&y%z",
    "unhappiness unbelievably bakeries baking rebake", "supercalifragilisticexpialidocious antidisestablishmentarianism",
    "x" * 99, "x" * 100, "x" * 101, "é" * 100, "é" * 101, "baker" * 60, "猫" * 120, "ab " * 70, "😀" * 101,
    "toString __proto__ constructor hasOwnProperty valueOf", "``quoted'' ''text``", "a  b   c    d",
    # accents, composed and not; marks alone; stacks of them
    "café naïve Zürich über Ångström ﬁn", "cafe\u0301 nai\u0308ve Zu\u0308rich A\u030angstro\u0308m", "e\u0301\u0302\u0303\u0304", "\u0301", "a\u0301", "\u0301a",
    "Z\u0351\u036b\u0343a\u0321l\u0316g\u0342o\u0317", "ÀÉÎÕÜ ŁŐŘŻ ßẞ Ŀŀŉİıſ", "Tiệm bánh mở cửa", "Tiê\u0323m ba\u0301nh mơ\u0309 cư\u0309a",
    # Greek with its two small sigmas, Turkish i, special cases of lower case
    "ΟΔΟΣ ΣΙΣΥΦΟΣ Σ ς σ ὈΔΥΣΣΕΎΣ", "İstanbul ISTANBUL ı İİ", "Ǆ ǅ ǆ Ǳ ﬀ ﬃ ŒUVRE", "ᏣᎳᎩ ꭰ Ა ა ḀẞΩ K Å",
    # scripts
    "Пекарь открывает лавку, Ёлка ёж й и\u0306", "الخباز يفتح متجره", "الْخَبَّازُ يَفْتَحُ", "ﷺ لا ﻻ", "האופה פותח אֶת־הַחֲנוּת", "\u202bמימין\u202c לשמאל \u200f!\u200e",
    "面包师在日出之前开店。", "我们去公园，散步！「好」", "パン屋さん ﾊﾟﾝ ｶﾞ ガ カ\u3099 ヴ", "東京タワー３３３ｍ Ｈｅｌｌｏ，　Ｗｏｒｌｄ！", "빵집은 해가 한\u1100\u1161\u11a8",
    "ร้านเบเกอรี่เปิด น้ำ", "बेकर सूर्योदय क\u094dष क\u094d\u200dष", "தமிழ் கௌ", "ខ្មែរ មាស", "ཨོཾ་མ་ཎི", "မြန်မာ", "አማርኛ። ሰላም፣", "ʻOkina ‘single’ “double” …—–‐‑",
    # ideographs of all planes, at the edges of the ranges that are spaced
    "猫𠀀犬", "㐀䶿一鿿鿼豈﫿", "𠀀𪛟𪜀𫜴𫝀𫠟𫠠𫤟𫤠𬺯𬺰𮯠丽𯨟𰀀", "a㋿b㈱c㍻", "々〆〇ㄅㄆ⺀⼀",
    # emoji: variation selectors, joiners, skin tones, flags, keycaps, tags
    "🙂 cat 🙂", "❤️ ❤ ❤︎ ☺️", "👍🏽👍🏿 👋🏻", "👨‍👩‍👧‍👦 👩🏽‍💻 🏳️‍🌈 🏴‍☠️", "🇩🇪🇫🇷🇯🇵 🇩 🇩🇪🇫", "1️⃣ #️⃣ *️⃣ 🔟", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "😀😃😄 great!!!😂😂",
    "🫠🪿🩷", "\ufe0f", "\u200d", "a\ufe0fb", "©️ ™️ ®",
    # control and format characters, zero width, private use, not characters, unassigned
    "a\x00b", "\x00", "a\x01b\x02c\x1fd\x7fe\x80f\x9fg", "a\u200bb\u200cc\u200dd\u200ee\u200ff", "a\u00adb\u2060c\ufeffd", "\ufeffa", "a\ufffdb \ufffc", "\ue000 a\uf8ffb \U000f0000 \U0010ffff",
    "\ufdd0\ufffe\uffff", "\u0378 \u0890 \u08e2 \U00013430", "a\u180eb\u061cc", "\u2066a\u2069", "\u115f\u1160\u3164\uffa0",
    # punctuation and symbols of several versions of Unicode
    "a\u061db \u2e5dc \u1b7dd \U00010eade \U000111c9f \u166dg", "«a» ‹b› „c“ ‚d‘ ¿e? ¡f! §g ¶h", "a¬b¦c°d±e×f÷g", "∀x∈ℝ: ⌈x⌉ ≠ ∞ → ⇒ ∑∫√", "€£¥₹₽ ½⅓ x² H₂O №", "①②⑩ ⓐ ㊗ ㍿ ㎏ ﬂ ﹏ ～ ﾟ",
    "a・b·c•d‧e", "A͏B", "\u2581a \u2581\u2581b▁c", "\u0f0b\u0f0c \u1361",
    # digits of scripts, letters as numbers
    "０１２ ١٢٣ १२३ 一二三 Ⅻ ↉ 🄀 𝟘𝟙 𝒜𝓫 𝕏",
    # special tokens written out
    "[CLS] a [SEP] b [PAD] [UNK] [MASK]", "a[SEP]b [SEP][SEP] [sep] [ SEP ]", "<s> a </s> b <pad> <unk> <mask>", "a <mask> b<mask>c  <mask>  d", "<s></s><s>", "<S> </ s> < mask >", "[MASK] [mask] x[MASK]y",
    "<0x41> <0xE2>", "##ing a##b ## #", "Ġa Ġ Ċ âĤ", "▁a ▁ a▁", "<extra> a<extra>b  <extra>  c <EXTRA>", "new york NEW YORK New York newyork renew york york", "newyork <extra>newyork é<extra>é", "é! É! e! E\u0301! né!newer newer! renewer newers",
    # mixed
    "The café's 猫 costs ¥300—really?! 😀👍🏽 Ελλάς \u200bend\u00a0.", "\u202e\u202dabc\u202c def", "e\u0301\r\ne\u0301\n\r", "ａ̀ ｱ\uff9eｲ \u1100\u1161\u11a8\u11a8 각", "ä\u0323 a\u0323\u0308 a\u0308\u0323 ạ̈", "q\u0307\u0323 q\u0323\u0307 ḍ\u0307",
    "𝓗𝓮𝓵𝓵𝓸 𝔸 Ⓐ 🅰 🅱️", "Ａ\u0301 ﾞ ﾟ は\u3099 ゔ う\u3099", "\u0e33 \u0eb3 \u0f77 \u0344 \u0958", "ĳ Ŀ ŉ ſ ǰ ΐ ẖ ﬗ", "שׁ ש\u05c1 יִ אּ", "لَّ\u0651\u064e ي\u0654",
]
