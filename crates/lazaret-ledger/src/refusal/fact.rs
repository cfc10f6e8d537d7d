//! Facts: what breaks a rule, or what a warning says.

use lazaret_vocabulary::doubt::Doubt;
use lazaret_vocabulary::event::entry::{
    AgentName, ExceptionId, Hazard, LineName, ManifestId, PersonName, ProtocolName, Role, SampleId,
    Tally, TestName,
};
use lazaret_vocabulary::event::{
    ConvoyId, DepartureId, GoodsName, LotId, PlaceName, StepName, VehicleId,
};
use lazaret_vocabulary::time::{Span, spelled};
use lazaret_vocabulary::told;

use super::Less;
use super::terms::{
    Dangers, Fallen, Milestone, NameFault, Nearness, Noun, PastMoment, When, Whether, list,
    role_name,
};
use crate::state::Stage;
use crate::treatment::celsius;

told! {
    /// A fact that breaks a rule. Masses are in kilograms, concentrations in mg/m³, temperatures in thousandths of a
    /// degree Celsius.
    pub enum Fact {
        // What a command speaks of.
        Unknown { what: Noun, name: String } = ("{}", unknown(*what, name));
        UnknownOnLine { vehicle: VehicleId, lot: LotId, goods: GoodsName } = ("vehicle {vehicle}, lot {lot}: there is no goods class {goods}");
        UnknownDanger { vehicle: VehicleId, lot: LotId, hazard: Hazard } = ("vehicle {vehicle}, lot {lot}: {hazard} is not a hazard class");
        NeverHere { vehicle: VehicleId } = ("vehicle {vehicle} was never here");
        NoUnit { place: PlaceName, unit: u32 } = ("{place} has no unit {unit}");
        SeveralSpellings { what: Noun, name: String } = ("more than one {what} is called {name} in different spellings");
        LooksLike { what: Noun, name: String, other: String } = ("{name} looks like {other}, which is another {what}");
        BadName { what: Noun, name: String, why: NameFault } = ("`{name}` cannot be the name of a {what}: {why}");
        NoRoomForNames = ("the ledger has no room for another name");
        InstantOutOfRange { field: String, at: When } = ("`{field}` is {at}");
        NumberTooLarge { field: String, number: String } = ("`{field}` is {number}, which is too large for a record");

        // The command itself.
        KeyUsed { key: String } = ("the key {key} was used for another command");
        FromFuture { at: When, now: When } = ("the entry is dated {at}, but it is {now}");
        LongAgo { at: When } = ("the command was written at {at}, longer ago than keys are remembered");
        TooEarly { at: When, after: Milestone, least: When } = ("the entry is dated {at}, but {after} {least}");
        NoRules = ("the gateway has no rules yet");
        OwnEntry = ("this is recorded by the ledger itself");
        NotInRole { person: PersonName, roles: Vec<Role> } = ("{person} is {}", roles_or(roles, "nobody here"));
        CorrectionUnexplained { record: u64 } = ("no reason is given why record {record} is wrong");
        InstantPast { at: When } = ("{at} is past");

        // The ledger's own time.
        TimeInDoubt { why: String, doubt: Option<Doubt> } = ("{}", doubt.as_ref().map_or_else(|| why.clone(), ToString::to_string));
        StatementLapsed = ("no statement of the time is waiting for a second person: it was settled, is more than an hour old, or the machine restarted");
        TimeOutOfRange { at: When } = ("{at} is not between 1970 and 2200");
        NoRecordSoLate { at: When } = ("no record was made as late as {at}");
        TimeUnexplained = ("the source of the time is missing");
        TimeStatedThemselves { person: PersonName } = ("{person} stated the time and would confirm it as well");

        // Where things are.
        LotIs { lot: LotId, stage: Stage } = ("{lot} is {}", stage_words(*stage));
        LotElsewhere { lot: LotId, place: PlaceName, unit: u32 } = ("{lot} is in {place} {unit}");
        LotNowhere { lot: LotId } = ("{lot} is nowhere");
        LotAlreadyIn { lot: LotId, place: PlaceName, unit: u32 } = ("{lot} is already in {place} {unit}");
        LotNeverUnloaded { lot: LotId } = ("{lot} was never unloaded here");
        AnnouncedElsewhere { lot: LotId, vehicle: VehicleId } = ("{lot} is announced on vehicle {vehicle}");
        LotKnownElsewhere { vehicle: VehicleId, lot: LotId } = ("vehicle {vehicle}, lot {lot}: that lot is known from elsewhere");
        VehicleNotHere { vehicle: VehicleId } = ("vehicle {vehicle} is not here");
        VehicleHere { vehicle: VehicleId } = ("vehicle {vehicle} is already here");
        VehicleTwice { vehicle: VehicleId } = ("vehicle {vehicle} is named twice");
        VehicleAlreadyIn { vehicle: VehicleId, place: PlaceName, unit: u32 } = ("vehicle {vehicle} is already in {place} {unit}");
        VehicleElsewhere { vehicle: VehicleId, place: PlaceName, unit: u32 } = ("vehicle {vehicle} is in {place} {unit}");
        VehicleNowhere { vehicle: VehicleId } = ("vehicle {vehicle} was not placed anywhere");
        VehicleNotGone { vehicle: VehicleId } = ("vehicle {vehicle} has not gone home");
        NoWay { thing: String, from: PlaceName, to: PlaceName } = ("no way leads from {from} to {to} for {thing}");
        UnitClosed { place: PlaceName, unit: u32, because: String } = ("{place} {unit} is closed: {because}");
        UnitBroken { place: PlaceName, unit: u32 } = ("{place} {unit} is broken");
        PlaceFull { place: PlaceName, slots: u32, used: u32 } = ("{place} has {slots} slots, of which {used} are taken");
        UnitFull { place: PlaceName, unit: u32, slots: u32, used: u32 } = ("{place} {unit} has {slots} slots, of which {used} are taken");

        // What must be kept apart.
        GoodsApart { lot: LotId, goods: GoodsName, place: PlaceName, unit: u32, own: GoodsName } = ("{lot} ({goods}) is in {place} {unit}, and {own} must be kept apart from it");
        UnitBetween { lot: LotId, dangers: Dangers, place: PlaceName, unit: u32, own: Dangers } = ("{lot} ({dangers}) is in {place} {unit}, and {own} must have a complete unit between");
        SeparatedFrom { lot: LotId, dangers: Dangers, place: PlaceName, unit: u32, own: Dangers } = ("{lot} ({dangers}) is in {place} {unit}, and {own} must be separated from it");
        Near { lot: LotId, dangers: Dangers, how: Nearness, own: Dangers } = ("{lot} ({dangers}) must be {how} {own}");
        CompartmentBetween { lot: LotId, own: Dangers, other: LotId, dangers: Dangers } = ("{lot} ({own}) and {other} ({dangers}) must have a whole compartment between them");
        SameWagon { lot: LotId, dangers: Dangers, own: Dangers } = ("{lot} ({dangers}) is in that wagon, and {own} must be separated from it");
        NearAboard { lot: LotId, dangers: Dangers, how: Nearness, other: LotId, own: Dangers, wagons_known: bool } = ("{lot} ({dangers}) must be {how} {other} ({own}){}", Whether(*wagons_known, "", "; it is not recorded which wagons they are in"));
        TrialInUnit { place: PlaceName, unit: u32, lot: LotId, trial: bool } = ("{place} {unit} has {lot}, which {} to a trial run", Whether(*trial, "belongs", "does not belong"));
        TrialAboard { lot: LotId, other: LotId } = ("of {lot} and {other}, one belongs to a trial run");
        UntreatedForClean { lot: LotId, place: PlaceName } = ("{lot} is not treated as its protocol requires, and {place} is clean");
        BackToDirty { lot: LotId, place: PlaceName } = ("{lot} would go back from the clean side to {place}");
        VehicleDirty { vehicle: VehicleId, place: PlaceName } = ("vehicle {vehicle} is not empty and washed, and {place} is clean");

        // Treatments.
        UnderTreatment { lot: LotId } = ("{lot} is under treatment");
        CleanForStep { place: PlaceName, step: StepName } = ("{place} is clean, and {step} is for goods that are not");
        NotDoneThere { lot: LotId, place: PlaceName, step: StepName } = ("{lot} is in {place}, but {step} is not done there");
        EndedBeforeBeginning { from: When, at: When } = ("it began at {from}, after {at}");
        OtherTreatment { lot: LotId, other: StepName, step: StepName } = ("{lot} is under {other} and not {step}");
        NotBegun { lot: LotId, step: StepName } = ("{step} of {lot} has not begun");
        NotTreated { lot: LotId } = ("{lot} is not treated as its protocol requires");
        Untreated { lot: LotId, steps: Vec<StepName> } = ("{lot} has no valid {}", list(steps, ", "));
        AgentNotNamed { lot: LotId, agent: AgentName, step: StepName } = ("the protocol of {lot} does not name {agent} for {step}");
        AgentSpoils { agent: AgentName, goods: GoodsName } = ("{agent} spoils {goods}");
        ReadingFromFuture { at: When, now: When } = ("the reading is dated {at}, but it is {now}");
        ReadingTooEarly { at: When, step: StepName, from: When } = ("the reading is dated {at}, but {step} began at {from}");
        BadLine { line: String } = ("`{line}` is not the name of a line");
        ReadAlready { line: Option<LineName>, at: When, concentration_mg_m3: u32, temperature_mc: i32 } = ("{} was already read at {at}: {concentration_mg_m3} mg/m³ at {} °C", line_words(line.as_ref()), celsius(*temperature_mc));

        // The clock of a hold.
        NoProtocol { goods: GoodsName } = ("no protocol is in force for {goods}");
        NoHold { lot: LotId } = ("the protocol of {lot} has no hold");
        ClockNotBegun { lot: LotId } = ("the clock of {lot} has not begun");
        HeldUntil { lot: LotId, until: When } = ("{lot} is held until {until}");
        HeldFor { lot: LotId, until: When, left_s: i64 } = ("{lot} is held until {until} ({} from now)", Span::from_micros(left_s.saturating_mul(1_000_000)));
        ClockStopped { lot: LotId } = ("the clock of {lot} does not run");
        CreditTooLong { lot: LotId, clock: When, least: When } = ("the clock of {lot} started at {clock}; its treatment, arrival or last contact was at {least}");
        OwnWitness { person: PersonName } = ("{person} is their own witness");
        NotAskedToWitness { person: PersonName, lot: LotId } = ("{person} was not asked to witness the clock of {lot}");
        OtherCredit { asked: When, person: PersonName, seen: When } = ("credit was requested from {asked}, but {person} saw it from {seen}");

        // Goods that were here before the ledger.
        StockEmpty = ("no lot is stated");
        StockDanger { lot: LotId, hazard: Hazard } = ("{lot}: there is no class of danger {hazard}");
        StockApart { lot: LotId, other: LotId, place: PlaceName, unit: u32 } = ("{other} is in {place} {unit}, and {lot} must be kept apart from it");
        StockOrder { lot: LotId, moment: PastMoment, at: When, other: PastMoment, least: When } = ("{lot}: {moment} {at} is before {other} {least}");
        StockAfterLive { lot: LotId, at: When, live: When } = ("{lot} came at {at}, and the ledger records arrivals since {live}");
        StockTwice { lot: LotId, name: String } = ("{lot} is stated to have had {name} twice");
        StockReadings { lot: LotId, step: StepName } = ("{step} of {lot} is judged by its readings, and a table cannot state them");
        StockShort { lot: LotId, step: StepName, contact_s: u64, asked_s: u64 } = ("{step} of {lot} took {}, and its protocol asks for {}", spelled(*contact_s), spelled(*asked_s));
        StockHeldElsewhere { lot: LotId, place: PlaceName } = ("the clock of {lot} counts from when it comes to {place}, where it is not");
        StockSampleEarly { lot: LotId, test: TestName, least: When } = ("a sample of {lot} for {test} counts from {least} on");
        NothingToWitness { record: u64 } = ("record {record} states no lots that wait for a witness");

        // Tests and inspections.
        Condemned { lot: LotId } = ("an inspection condemned {lot}");
        RefusedByInspection { lot: LotId } = ("{lot} failed an inspection");
        Untested { lot: LotId, inspections: Vec<StepName>, tests: Vec<TestName> } = ("{lot} has not passed {}", both(inspections, tests));
        ResultsOut { lot: LotId, samples: Vec<SampleId> } = ("{lot} waits for the result of {}", list(samples, ", "));
        Inconclusive { lot: LotId, tests: Vec<TestName> } = ("the last result of {} of {lot} was inconclusive", list(tests, ", "));
        SampleKnown { sample: SampleId } = ("sample {sample} was already taken");
        SampleTooEarly { lot: LotId, test: TestName } = ("a sample of {lot} for {test} taken now would not count: it is too early in its hold");
        ResultKnown { sample: SampleId } = ("the result of {sample} is already recorded");

        // Exceptions and contacts.
        Stopped { lot: LotId, exceptions: Vec<ExceptionId> } = ("{lot} is stopped by {}", list(exceptions, ", "));
        ExceptionExists { exception: ExceptionId } = ("exception {exception} already exists");
        ExceptionNotOpen { exception: ExceptionId } = ("no exception {exception} is open");
        ExceptionEmpty = ("the exception names no lot or gives no reason");
        ClosingUnexplained { exception: ExceptionId } = ("the settlement of {exception} has no reason");
        LotTwice { lot: LotId } = ("{lot} is named twice");
        ContactOfOne = ("a contact needs two lots");

        // Signatures.
        Unsigned { lot: LotId, have: u32, need: u8, fallen: Vec<Fallen> } = ("{lot} has {have} of {need} signatures{}", fallen_words(fallen));
        SignsAsOther { person: PersonName, signer: PersonName } = ("{person} would sign as {signer}");
        SignatureEmpty = ("the signature has no meaning");
        AlreadyReleased { lot: LotId } = ("{lot} is already released");
        SignedAlready { signer: PersonName, lot: LotId } = ("{signer} has already signed for {lot}");
        TreatedOrTested { signer: PersonName, lot: LotId } = ("{signer} treated or tested {lot}");
        NotChief { signer: PersonName } = ("{signer} is not a chief officer, and this is the last signature");
        WithdrawsOther { person: PersonName, signer: PersonName } = ("{person} would take back the signature of {signer}");
        WithdrawalUnexplained = ("the withdrawal of the signature has no reason");
        Released { lot: LotId } = ("{lot} is released");
        NotSigned { signer: PersonName, lot: LotId } = ("{signer} has not signed for {lot}");

        // People.
        NeverCleared { person: PersonName } = ("{person} was never cleared");
        ClearanceEnded { person: PersonName, at: When } = ("the clearance of {person} ended at {at}");
        NotCleared { person: PersonName } = ("{person} is not cleared");
        NotOnShift { person: PersonName } = ("{person} is not on shift");
        Untrained { person: PersonName, agent: AgentName } = ("{person} is not trained for {agent}");
        NotThroughGate { person: PersonName } = ("{person} worked on the dirty side and has not passed the personnel gate since");
        NoAdministrator = ("nobody administers this ledger yet");
        OnlyAdministrator { person: PersonName } = ("{person} is the only administrator");
        ClearsThemselves { person: PersonName } = ("{person} would clear themselves");
        ClearanceOver { until: When } = ("the clearance would have ended at {until}");
        MustRest { person: PersonName, until: When } = ("{person} must rest until {until}");
        ReportsOther { person: PersonName, other: PersonName } = ("{person} would report {other} sick");
        InfectiousSince { person: PersonName, since: When } = ("{person} would have been infectious since {since}");

        // Vehicles and seals.
        OtherMark { mark: String, vehicle: VehicleId } = ("{mark} was read, but the papers say {vehicle}");
        CheckDigit { mark: String, expected: String } = ("the check digit of {mark} would have to be {expected}");
        SealsDiffer { papers: Vec<String>, found: Vec<String> } = ("the papers list the seals {}; found were {}", papers.join(", "), found.join(", "));
        NotEmpty { vehicle: VehicleId } = ("vehicle {vehicle} is not empty");
        LotsAboard { vehicle: VehicleId, lots: u32 } = ("according to its papers, {lots} lots are still on vehicle {vehicle}");
        DroppedAboard { lot: LotId, vehicle: VehicleId, exception: ExceptionId } = ("the papers dropped {lot} after vehicle {vehicle} had arrived, and {exception} is open");
        NotWashed { vehicle: VehicleId } = ("vehicle {vehicle} was not washed since it was emptied");
        MustStand { vehicle: VehicleId, until: When } = ("vehicle {vehicle} must rest until {until}");
        NotSealed { vehicle: VehicleId } = ("vehicle {vehicle} is not sealed");
        VehiclePapersRefused { vehicle: VehicleId } = ("the papers of vehicle {vehicle} were refused");
        VehicleWorkedOn { vehicle: VehicleId } = ("vehicle {vehicle} was opened or emptied, or has lots according to its papers");

        // Departures.
        DepartureLeft { departure: DepartureId } = ("{departure} has left");
        DepartureLeftAlready { departure: DepartureId } = ("{departure} has already left");
        LoadedDiffers { departure: DepartureId, loaded: u32, lots: u32 } = ("{loaded} lots are loaded for {departure}, not {lots}");

        // Papers and convoys.
        ArrivalKnown { convoy: ConvoyId } = ("the arrival of {convoy} is already recorded");
        Arrived { convoy: ConvoyId } = ("{convoy} has arrived");
        ArrivedAsReal { convoy: ConvoyId } = ("{convoy} has arrived as real goods");
        NoPapers { convoy: ConvoyId } = ("no papers announced {convoy}");
        PapersKnown { manifest: ManifestId } = ("papers {manifest} are already known");
        PapersForConvoy { manifest: ManifestId, convoy: ConvoyId } = ("papers {manifest} already belong to {convoy}");
        LotOnTwoLines { lot: LotId } = ("lot {lot} is on two lines");
        OtherGoods { papers: GoodsName, goods: GoodsName } = ("the papers say {papers} and not {goods}");
        DelayUnexplained { convoy: ConvoyId } = ("the delay of {convoy} has no reason");
        VoidingUnexplained = ("the reason why the name was entered is missing");
        IsConvoy { convoy: ConvoyId } = ("{convoy} is a convoy");
        LotWorkedOn { lot: LotId } = ("{lot} was treated, tested, split or signed for: it is here");
        SaidAlready { person: PersonName } = ("{person} has already said so");
        NeitherOfficer { first: PersonName, second: PersonName } = ("neither {first} nor {second} is an officer");

        // Amounts.
        LossTooLarge { lot: LotId, has: Tally, lost: Tally } = ("{lot} has {} pieces and {} kg, and {} and {} kg would be lost", has.pieces, has.mass_kg, lost.pieces, lost.mass_kg);
        Loss { lot: LotId, lost: Tally, because: String } = ("{} pieces and {} kg of {lot} would be lost: {because}", lost.pieces, lost.mass_kg);
        TooFewParts { lot: LotId, parts: usize } = ("{lot} would become {parts} parts");
        NameTaken { lot: LotId } = ("{lot} is the name of another lot");
        PartsDiffer { lot: LotId, pieces: u64, mass_kg: u64, has: Tally } = ("the parts have {pieces} pieces and {mass_kg} kg, and {lot} has {} and {} kg", has.pieces, has.mass_kg);

        // Rules and protocols.
        PlaceTwice { place: PlaceName } = ("place {place} is named twice");
        PlaceWithoutUnits { place: PlaceName } = ("place {place} has no units");
        PoolOfUnknown { place: PlaceName } = ("place {place} pools the slots of an unknown number of units");
        LeadsNowhere { place: PlaceName, to: PlaceName } = ("{place} leads to {to}, which is not a place");
        NoClassOrSource = ("the rules name no goods class, or no source");
        OtherVersion { protocol: ProtocolName, next: u32, version: u32 } = ("version {next} of {protocol} comes next, not {version}");
        SignaturesAsked { protocol: ProtocolName, signatures: u8 } = ("{protocol} requires {signatures} signatures");
        TooManySteps { protocol: ProtocolName, most: usize } = ("{protocol} has more than {most} treatments or inspections");
        HeldBeforeUnknown { protocol: ProtocolName, step: StepName } = ("{protocol} has a hold before {step}, which is not one of its treatments");
        TooManyTests { most: usize } = ("all protocols together would name more than {most} tests");
        StepTwice { protocol: ProtocolName, step: StepName } = ("{protocol} requires {step} twice");
        BandsOverlap { agent: AgentName } = ("the bands of temperature for {agent} are empty or overlap");
        ReadingAfterEnd { agent: AgentName } = ("{agent} requires a reading after its time is over");
        TemperatureEmpty { step: StepName } = ("a temperature of {step} is empty, or has no time");
        AsksLess { less: Vec<Less> } = ("this asks for less than what is in force: {}", list(less, "; "));
        LessWaits { until: When, less: Vec<Less> } = ("a change that asks for less must wait until {until}: {}", list(less, "; "));
    }
}

fn unknown(what: Noun, name: &str) -> String {
    match what {
        Noun::Person => format!("there is no person {name}"),
        Noun::Manifest => format!("there are no papers {name}"),
        Noun::Test => format!("no protocol names a test {name}"),
        _ => format!("there is no {what} {name}"),
    }
}

fn stage_words(stage: Stage) -> &'static str {
    match stage {
        Stage::Announced => "announced and not yet unloaded",
        Stage::Withdrawn => "no longer on any papers",
        Stage::Held | Stage::Released => "here",
        Stage::Sent => "on its way between two sites",
        Stage::Loaded => "loaded for a departure",
        Stage::Departed => "gone inland",
        Stage::Destroyed => "destroyed",
        Stage::SentBack => "gone back to its sender",
        Stage::Split => "split into parts",
    }
}

pub(super) fn roles_or(roles: &[Role], none: &str) -> String {
    if roles.is_empty() {
        return none.into();
    }
    let names: Vec<&str> = roles.iter().map(|role| role_name(*role)).collect();
    names.join(", ")
}

fn line_words(line: Option<&LineName>) -> String {
    line.map_or_else(|| "the treatment".into(), |line| format!("line {line}"))
}

pub(super) fn both(inspections: &[StepName], tests: &[TestName]) -> String {
    let tests = tests.iter().map(ToString::to_string);
    let all: Vec<String> = (inspections.iter().map(ToString::to_string))
        .chain(tests)
        .collect();
    all.join(", ")
}

fn fallen_words(fallen: &[Fallen]) -> String {
    let one = |fallen: &Fallen| {
        let signer = &fallen.signer;
        format!("; that of {signer} no longer counts: {fallen}")
    };
    fallen.iter().map(one).collect()
}
