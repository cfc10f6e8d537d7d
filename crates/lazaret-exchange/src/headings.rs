//! Which column is which: headings in the words that clerks use, in English, German, Korean, Chinese and Russian.

use unicode_normalization::UnicodeNormalization;

/// What a column of a list of papers says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// The number of the papers.
    Manifest,
    /// The train, vessel or column of trucks.
    Convoy,
    /// Where it comes from, by the source's name.
    Source,
    /// When it is due.
    Due,
    /// The mark of the wagon, container or truck.
    Vehicle,
    /// The name of the lot.
    Lot,
    /// Its goods class.
    Goods,
    /// How many pieces; none for goods in bulk.
    Pieces,
    /// Its gross mass.
    Mass,
    /// Classes of danger.
    Hazards,
    /// Seals.
    Seals,
    /// Who sends it.
    Sender,
    /// Who receives it.
    Receiver,
    /// The place where it is.
    Place,
    /// Which unit of that place.
    Unit,
    /// When it arrived.
    Arrived,
    /// When it was unloaded.
    Unloaded,
    /// Since when its hold counts.
    HeldFrom,
    /// A treatment that it had.
    Treatment,
    /// When that began.
    TreatmentBegan,
    /// When that ended.
    TreatmentEnded,
    /// A test that it passed.
    Test,
    /// The sample of that test.
    Sample,
    /// When the sample was taken.
    Taken,
}

impl Field {
    /// Those of papers, in the order of their template.
    pub const ALL: [Field; 13] = [
        Field::Manifest,
        Field::Convoy,
        Field::Source,
        Field::Due,
        Field::Vehicle,
        Field::Lot,
        Field::Goods,
        Field::Pieces,
        Field::Mass,
        Field::Hazards,
        Field::Seals,
        Field::Sender,
        Field::Receiver,
    ];

    /// Those of a list of stock, in the order of its template.
    pub const STOCK: [Field; 17] = [
        Field::Lot,
        Field::Goods,
        Field::Source,
        Field::Place,
        Field::Unit,
        Field::Pieces,
        Field::Mass,
        Field::Hazards,
        Field::Arrived,
        Field::Unloaded,
        Field::HeldFrom,
        Field::Treatment,
        Field::TreatmentBegan,
        Field::TreatmentEnded,
        Field::Test,
        Field::Sample,
        Field::Taken,
    ];

    /// Whether a text is a heading of any table that is known.
    pub(crate) fn heads(text: &str) -> bool {
        known(text, &Field::ALL) || known(text, &Field::STOCK)
    }

    /// The heading that Lazaret's own template has, which is also the name by which a mapping speaks of it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Field::Manifest => "manifest",
            Field::Convoy => "convoy",
            Field::Source => "source",
            Field::Due => "due",
            Field::Vehicle => "vehicle",
            Field::Lot => "lot",
            Field::Goods => "goods",
            Field::Pieces => "pieces",
            Field::Mass => "mass_kg",
            Field::Hazards => "hazards",
            Field::Seals => "seals",
            Field::Sender => "sender",
            Field::Receiver => "receiver",
            Field::Place => "place",
            Field::Unit => "unit",
            Field::Arrived => "arrived",
            Field::Unloaded => "unloaded",
            Field::HeldFrom => "held_from",
            Field::Treatment => "treatment",
            Field::TreatmentBegan => "treatment_began",
            Field::TreatmentEnded => "treatment_ended",
            Field::Test => "test",
            Field::Sample => "sample",
            Field::Taken => "taken",
        }
    }

    /// The field of that name among some.
    #[must_use]
    pub fn named(name: &str, fields: &[Field]) -> Option<Field> {
        fields.iter().copied().find(|field| field.name() == name)
    }

    /// Headings in use, folded as [`fold`] does. A word is under one field only; a test holds them to that.
    fn words(self) -> &'static [&'static str] {
        match self {
            Field::Manifest => &[
                "manifest",
                "manifestno",
                "manifestnumber",
                "papers",
                "papersno",
                "document",
                "documentno",
                "documentnumber",
                "waybill",
                "waybillno",
                "consignmentnote",
                "consignmentnoteno",
                "billoflading",
                "blno",
                "frachtbrief",
                "frachtbriefnr",
                "화물목록",
                "화물목록번호",
                "적하목록",
                "적하목록번호",
                "운송장",
                "운송장번호",
                "문서번호",
                "舱单",
                "舱单号",
                "运单",
                "运单号",
                "单号",
                "提单号",
                "манифест",
                "номерманифеста",
                "накладная",
                "номернакладной",
            ],
            Field::Convoy => &[
                "convoy",
                "train",
                "trainno",
                "trainnumber",
                "vessel",
                "voyage",
                "ship",
                "zug",
                "zugnr",
                "zugnummer",
                "열차",
                "열차번호",
                "편성",
                "선박",
                "선박명",
                "항차",
                "列车",
                "车次",
                "列车号",
                "船名",
                "航次",
                "поезд",
                "номерпоезда",
                "судно",
            ],
            Field::Source => &[
                "source",
                "origin",
                "from",
                "portofloading",
                "loadingport",
                "stationofloading",
                "herkunft",
                "출발지",
                "발송지",
                "출발역",
                "선적항",
                "发站",
                "始发站",
                "起运地",
                "出发地",
                "装货港",
                "отправления",
                "станцияотправления",
                "откуда",
                "портпогрузки",
            ],
            Field::Due => &[
                "due",
                "eta",
                "expected",
                "expectedarrival",
                "arrival",
                "arrivaltime",
                "arrivaldate",
                "ankunft",
                "도착예정",
                "도착예정일",
                "도착예정시간",
                "도착일시",
                "到达时间",
                "预计到达",
                "预计到达时间",
                "到站时间",
                "прибытие",
                "ожидаемоеприбытие",
                "датаприбытия",
            ],
            Field::Vehicle => &[
                "vehicle",
                "wagon",
                "wagonno",
                "wagonnumber",
                "car",
                "carno",
                "container",
                "containerno",
                "containernumber",
                "truck",
                "truckno",
                "plate",
                "wagennr",
                "wagennummer",
                "화차",
                "화차번호",
                "차량",
                "차량번호",
                "컨테이너",
                "컨테이너번호",
                "车号",
                "车皮号",
                "货车号",
                "车辆",
                "车辆号",
                "集装箱号",
                "箱号",
                "вагон",
                "номервагона",
                "контейнер",
                "номерконтейнера",
                "вагона",
                "контейнера",
                "вагонов",
            ],
            Field::Lot => &[
                "lot",
                "lotno",
                "lotnumber",
                "lotid",
                "batch",
                "batchno",
                "batchnumber",
                "sscc",
                "palletno",
                "los",
                "losnr",
                "charge",
                "로트",
                "로트번호",
                "제조번호",
                "배치번호",
                "批次",
                "批号",
                "批次号",
                "托盘号",
                "партия",
                "номерпартии",
            ],
            Field::Goods => &[
                "goods",
                "goodsclass",
                "class",
                "cargo",
                "commodity",
                "product",
                "description",
                "descriptionofgoods",
                "ware",
                "warenart",
                "품목",
                "품명",
                "화물",
                "화물명",
                "화물종류",
                "货物",
                "货名",
                "品名",
                "货物名称",
                "货类",
                "груз",
                "товар",
                "наименование",
                "наименованиегруза",
            ],
            Field::Pieces => &[
                "pieces",
                "pcs",
                "pieceno",
                "noofpieces",
                "numberofpieces",
                "packages",
                "noofpackages",
                "numberofpackages",
                "qty",
                "quantity",
                "cartons",
                "colli",
                "kolli",
                "stück",
                "stueck",
                "stückzahl",
                "개수",
                "수량",
                "포장개수",
                "件数",
                "数量",
                "箱数",
                "места",
                "мест",
                "количествомест",
                "количество",
                "колво",
                "штук",
            ],
            Field::Mass => &[
                "mass",
                "masskg",
                "grossmass",
                "grossweight",
                "weight",
                "gross",
                "grosswt",
                "wt",
                "gw",
                "kg",
                "gewicht",
                "bruttogewicht",
                "brutto",
                "masse",
                "중량",
                "총중량",
                "무게",
                "질량",
                "毛重",
                "重量",
                "总重",
                "масса",
                "массабрутто",
                "весбрутто",
                "вес",
                "брутто",
            ],
            Field::Hazards => &[
                "hazards",
                "hazard",
                "hazardclass",
                "hazardclasses",
                "dangerousgoods",
                "dangerousgoodsclass",
                "dg",
                "dgclass",
                "imdg",
                "imdgclass",
                "imo",
                "imoclass",
                "adr",
                "adrclass",
                "unclass",
                "gefahrgut",
                "gefahrgutklasse",
                "위험물",
                "위험물등급",
                "위험등급",
                "危险品",
                "危险品类别",
                "危险类别",
                "危险货物",
                "опасныйгруз",
                "классопасности",
                "опасность",
            ],
            Field::Seals => &[
                "seals",
                "seal",
                "sealno",
                "sealnos",
                "sealnumber",
                "sealnumbers",
                "plombe",
                "plomben",
                "plombennr",
                "봉인",
                "봉인번호",
                "씰번호",
                "铅封",
                "铅封号",
                "封条",
                "封条号",
                "封号",
                "пломба",
                "пломбы",
                "номерпломбы",
            ],
            Field::Sender => &[
                "sender",
                "shipper",
                "consignor",
                "exporter",
                "absender",
                "송하인",
                "발송인",
                "수출자",
                "发货人",
                "托运人",
                "发货方",
                "отправитель",
                "грузоотправитель",
            ],
            Field::Receiver => &[
                "receiver",
                "consignee",
                "importer",
                "recipient",
                "empfänger",
                "empfaenger",
                "수하인",
                "수취인",
                "수입자",
                "收货人",
                "收货方",
                "получатель",
                "грузополучатель",
            ],
            Field::Place => &[
                "place",
                "location",
                "storage",
                "store",
                "lagerplatz",
                "lagerort",
                "ort",
                "장소",
                "보관장소",
                "위치",
                "位置",
                "地点",
                "库位",
                "место",
                "склад",
            ],
            Field::Unit => &[
                "unit",
                "slot",
                "bay",
                "row",
                "bin",
                "platz",
                "fach",
                "칸",
                "구역",
                "单元",
                "格",
                "ячейка",
                "номерместа",
            ],
            Field::Arrived => &[
                "arrived",
                "arrival",
                "arrivaldate",
                "dateofarrival",
                "receivedon",
                "ankunft",
                "eingang",
                "eingangsdatum",
                "도착",
                "도착일",
                "도착일시",
                "입고일",
                "到达",
                "到达日期",
                "到货日期",
                "прибытие",
                "датаприбытия",
            ],
            Field::Unloaded => &[
                "unloaded",
                "unloading",
                "unloadingdate",
                "entladen",
                "entladung",
                "하역",
                "하역일",
                "하역일시",
                "卸货",
                "卸货日期",
                "выгрузка",
                "датавыгрузки",
            ],
            Field::HeldFrom => &[
                "heldfrom",
                "heldsince",
                "holdfrom",
                "holdstart",
                "quarantinesince",
                "quarantinefrom",
                "quarantänebeginn",
                "quarantäneseit",
                "격리시작",
                "격리시작일",
                "隔离开始",
                "隔离起始",
                "карантинс",
                "началокарантина",
            ],
            Field::Treatment => &[
                "treatment",
                "step",
                "disinfection",
                "behandlung",
                "desinfektion",
                "처리",
                "소독",
                "处理",
                "消毒",
                "обработка",
                "дезинфекция",
            ],
            Field::TreatmentBegan => &[
                "treatmentbegan",
                "treatmentstart",
                "treatmentfrom",
                "behandlungsbeginn",
                "behandlungvon",
                "처리시작",
                "소독시작",
                "处理开始",
                "消毒开始",
                "началообработки",
            ],
            Field::TreatmentEnded => &[
                "treatmentended",
                "treatmentend",
                "treatmentto",
                "behandlungsende",
                "behandlungbis",
                "처리종료",
                "소독종료",
                "处理结束",
                "消毒结束",
                "конецобработки",
            ],
            Field::Test => &[
                "test",
                "analysis",
                "prüfung",
                "untersuchung",
                "검사",
                "检验",
                "检测",
                "анализ",
                "тест",
            ],
            Field::Sample => &[
                "sample",
                "sampleno",
                "samplenumber",
                "probe",
                "probennummer",
                "시료",
                "시료번호",
                "样品",
                "样品号",
                "проба",
                "номерпробы",
            ],
            Field::Taken => &[
                "taken",
                "takenat",
                "sampled",
                "sampletaken",
                "sampledate",
                "probenahme",
                "entnommen",
                "채취",
                "채취일",
                "采样",
                "采样日期",
                "отборпробы",
                "датаотбора",
            ],
        }
    }
}

/// The unit in which a column of masses is written, in milligrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MassUnit {
    /// Grams.
    Gram,
    /// Kilograms.
    Kilogram,
    /// Tonnes of 1000 kg.
    Tonne,
    /// Avoirdupois pounds of 0.453 592 37 kg.
    Pound,
}

impl MassUnit {
    /// How many milligrams one is.
    #[must_use]
    pub fn milligrams(self) -> i128 {
        match self {
            MassUnit::Gram => 1_000,
            MassUnit::Kilogram => 1_000_000,
            MassUnit::Tonne => 1_000_000_000,
            MassUnit::Pound => 453_592,
        }
    }

    /// Its symbol.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            MassUnit::Gram => "g",
            MassUnit::Kilogram => "kg",
            MassUnit::Tonne => "t",
            MassUnit::Pound => "lb",
        }
    }

    fn read(text: &str) -> Option<MassUnit> {
        match text {
            "g" | "grams" | "г" | "克" => Some(MassUnit::Gram),
            "kg" | "kgs" | "kgm" | "kilograms" | "кг" | "公斤" | "千克" | "킬로그램" => {
                Some(MassUnit::Kilogram)
            }
            "t" | "to" | "mt" | "ton" | "tons" | "tonnes" | "т" | "тонн" | "吨" | "톤" => {
                Some(MassUnit::Tonne)
            }
            "lb" | "lbs" | "pounds" | "фунт" => Some(MassUnit::Pound),
            _ => None,
        }
    }
}

/// A heading without what differs between programs: case, blanks, dots, brackets, full-width forms.
#[must_use]
pub fn fold(heading: &str) -> String {
    heading
        .nfkc()
        .flat_map(char::to_lowercase)
        .filter(|c| c.is_alphanumeric())
        .collect()
}

/// What a heading was taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The field.
    pub field: Field,
    /// The unit that the heading names, for masses.
    pub unit: Option<MassUnit>,
}

/// The field and unit of a heading, if it is one of those in use for some fields.
#[must_use]
pub fn find(heading: &str, fields: &[Field]) -> Option<Known> {
    let (words, unit) = unit_of(heading);
    let folded = fold(&words);
    let by_word =
        |folded: &str| (fields.iter().copied()).find(|field| field.words().contains(&folded));
    // `№ вагона` and `No. of pieces` begin with the sign for a number.
    let field = |folded: &str| by_word(folded).or_else(|| by_word(folded.strip_prefix("no")?));
    // `mass_kg` says its unit without brackets.
    let trailing = folded
        .strip_suffix("kg")
        .filter(|rest| field(rest) == Some(Field::Mass))
        .map(|_| MassUnit::Kilogram);
    let found = field(&folded).or_else(|| trailing.map(|_| Field::Mass))?;
    match (found, unit) {
        (Field::Mass, unit) => Some(Known {
            field: found,
            unit: unit.or(trailing),
        }),
        (_, None) => Some(Known {
            field: found,
            unit: None,
        }),
        // Pieces in kilograms are something else than pieces.
        (Field::Pieces, Some(_)) => None,
        _ => Some(Known {
            field: found,
            unit: None,
        }),
    }
}

/// Whether a heading is one of those in use for some fields.
#[must_use]
pub fn known(heading: &str, fields: &[Field]) -> bool {
    find(heading, fields).is_some()
}

/// A heading without the unit that ends it: `Gross mass (t)`, `毛重/吨`, `Вес, кг`.
fn unit_of(heading: &str) -> (String, Option<MassUnit>) {
    let plain: String = heading.nfkc().flat_map(char::to_lowercase).collect();
    let plain = plain.trim().trim_end_matches([')', ']', '.', '】']);
    let at = plain.rfind(['(', '[', '/', ',', '【', ' ', '_']);
    if let Some(at) = at {
        let (before, rest) = plain.split_at(at);
        let unit = MassUnit::read(rest.trim_matches(|c: char| !c.is_alphanumeric()));
        if unit.is_some() && !before.trim().is_empty() {
            return (before.to_owned(), unit);
        }
        // Text in brackets that is not a unit explains the heading: `Lot (batch)`.
        if rest.starts_with('(') && !before.trim().is_empty() {
            return (before.to_owned(), None);
        }
    }
    (plain.to_owned(), None)
}

/// The field whose usual headings are nearest to a heading that is none of them, for an error that asks.
#[must_use]
pub fn nearest(heading: &str, fields: &[Field]) -> Option<Field> {
    let folded = fold(heading);
    let words = || {
        let fields = fields.iter().copied();
        fields.flat_map(|field| field.words().iter().map(move |word| (field, *word)))
    };
    let near = lazaret_vocabulary::near::nearest(&folded, words().map(|(_, word)| word))?;
    words()
        .find(|(_, word)| *word == near)
        .map(|(field, _)| field)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn a_word_is_a_heading_of_one_field() {
        for fields in [&Field::ALL[..], &Field::STOCK[..]] {
            let mut seen = HashMap::new();
            for &field in fields {
                assert!(
                    field.words().contains(&fold(field.name()).as_str()),
                    "{field:?}"
                );
                for word in field.words() {
                    assert_eq!(fold(word), *word, "is written as it is compared");
                    assert_eq!(seen.insert(word, field), None, "{word} is under two fields");
                }
            }
        }
    }

    #[test]
    fn headings_of_offices_are_known() {
        for (heading, field, unit) in [
            ("Manifest No.", Field::Manifest, None),
            ("Gross mass (kg)", Field::Mass, Some(MassUnit::Kilogram)),
            ("Gross weight [t]", Field::Mass, Some(MassUnit::Tonne)),
            ("MASS_KG", Field::Mass, Some(MassUnit::Kilogram)),
            ("Вес брутто, кг", Field::Mass, Some(MassUnit::Kilogram)),
            ("毛重（吨）", Field::Mass, Some(MassUnit::Tonne)),
            ("총중량(kg)", Field::Mass, Some(MassUnit::Kilogram)),
            ("№ вагона", Field::Vehicle, None),
            ("车 号", Field::Vehicle, None),
            ("화차 번호", Field::Vehicle, None),
            ("ＬＯＴ", Field::Lot, None),
            ("Lot (batch)", Field::Lot, None),
            ("Dangerous goods", Field::Hazards, None),
            ("hazard", Field::Hazards, None),
        ] {
            assert_eq!(
                find(heading, &Field::ALL),
                Some(Known { field, unit }),
                "{heading}"
            );
        }
        for other in ["", "Remarks", "Pieces (kg)", "notes", "No."] {
            assert_eq!(find(other, &Field::ALL), None, "{other}");
        }
        assert_eq!(nearest("hazzards", &Field::ALL), Some(Field::Hazards));
        assert_eq!(nearest("Remarks", &Field::ALL), None);
    }
}
