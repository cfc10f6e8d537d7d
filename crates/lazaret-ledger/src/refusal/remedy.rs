//! Remedies: what would make a command acceptable.

use lazaret_vocabulary::event::entry::{AgentName, PersonName, Role, TestName};
use lazaret_vocabulary::event::{PlaceName, StepName};
use lazaret_vocabulary::told;

use super::fact::{both, roles_or};
use super::terms::{When, list};
use crate::rule::Warning;

told! {
    /// What would make a command acceptable.
    pub enum Remedy {
        // Names and numbers.
        CorrectMark = ("correct the mark");
        CorrectName = ("correct the name");
        CorrectNameOrReturn = ("only things that are here can be worked on; correct the name, or record how it came back");
        CorrectNameOrPapers = ("correct the name, or amend the papers");
        CorrectMarkOrArrival = ("record the arrival of its convoy, or correct the mark");
        CorrectMarkOrHome = ("correct the mark, or record that it went home");
        CheckNameOrUnload = ("check the name, or record that it was unloaded");
        NameRecord = ("name the record that is wrong");
        ChoosePlace = ("choose one of the places of the gateway's rules");
        ChooseSource = ("choose one of the sources of the gateway's rules");
        ChooseGoods = ("choose one of the classes of the gateway's rules");
        ChooseTest = ("choose a test of the lot's protocol");
        ChooseUnit { most: u32 } = ("choose a unit from 1 to {most}");
        SpellAsRecorded = ("write it exactly as it is recorded");
        OtherName = ("write another name");
        NameOfItsOwn = ("give it another name");
        OtherPersonName = ("choose a name that cannot be taken for another person's");
        NameConvoyAnew = ("give this convoy another name");
        NameSampleAnew = ("give this sample another name");
        NameExceptionAnew = ("give this exception another name");
        NameLotsApart = ("give each lot a different name");
        NamePartsApart = ("give each part a different name");
        NameEachLotOnce = ("name each lot once");
        WriteClass = ("write a class or division such as 3, 2.1 or, with its compatibility group, 1.4S");
        ShortLine { most: usize } = ("write at most {most} characters, such as top, or leave out the line");
        InstantInRange = ("write an instant from 1970 to 2199");
        NumberInRange { most: u64 } = ("write a whole number up to {most}");
        NextLedger = ("close this ledger and open the next");

        // The command itself.
        NewKey = ("give this command another key; if a device counts its keys, its count has restarted");
        SetDeviceClock = ("set the device's clock and enter it again");
        LookOrEnterLate = ("check whether it is in the ledger; if not, enter it again as a late entry");
        CorrectWhen = ("correct the time");
        AdoptRules = ("adopt its rules first");
        SignInstead = ("sign for the release instead");
        EnterCause = ("enter the event from which it follows");
        RolesMay { roles: Vec<Role> } = ("{} may do this", roles_or(roles, "nobody"));
        SayWhy = ("say why");
        SayHow = ("say how");
        Acknowledge { warning: Warning } = ("acknowledge `{}` if it is intended", warning.name());
        InstantToCome = ("give a future instant");

        // The ledger's own time.
        SettleTime = ("set the server's clock right; an administrator then states the time, and a second person confirms it");
        StateTimeAgain = ("have an administrator state the time again");
        StateTimeNow = ("state the current time");
        FirstWrongStamp = ("give the time stamp of the first record made under the wrong clock");
        SayByWhichClock = ("name the clock");
        OtherConfirms = ("another person must confirm it");

        // Places.
        GoBy { places: Vec<PlaceName> } = ("go by {}", list(places, " or "));
        BringTo { places: Vec<PlaceName> } = ("bring it to {} first", list(places, " or "));
        BroughtFirst { place: PlaceName, unit: u32 } = ("record that it was brought to {place} {unit} first");
        PlacedFirst { place: PlaceName, unit: u32 } = ("record that it was placed in {place} {unit} first");
        OtherPlace = ("choose another place");
        OtherUnit = ("choose another unit");
        OtherUnitOrGroup = ("choose another unit, or have the papers name the compatibility group, such as 1.4S");
        OtherUnitOrOpen = ("choose another unit, or open or repair it first");
        UnitNotBeside = ("choose a unit that is not next to it");
        FreeSlotOrPlace = ("free a slot, or choose another place");
        FreeSlotOrUnit = ("free a slot, or choose another unit");
        OnlyHereLeaves = ("only goods that are here can leave");
        RecordUnloading = ("record its unloading first");

        // Treatments and holds.
        EndTreatment = ("end the treatment first");
        TreatOrDirtyPlace = ("complete its treatment first, or choose a place on the dirty side");
        BringToTreatment = ("bring it to where it is treated; on the clean side it would contaminate the place");
        CorrectEnd = ("correct the end");
        RecordBeginning = ("record its beginning first");
        CompleteTreatment = ("complete its treatment; the clock then starts automatically");
        CompleteSteps { steps: Vec<StepName> } = ("complete {} as its protocol requires", list(steps, ", "));
        TreatAndStore = ("complete its treatment and bring it to where it is held");
        UseAgent { agents: Vec<AgentName> } = ("use {}", list(agents, " or "));
        OtherAgent = ("use another agent of the protocol");
        CorrectReading = ("correct the time of the reading");
        NameLines = ("name the line of each, or correct the time of the reading");
        AdoptProtocol = ("adopt one, for this class or for all");
        ExceptionOrProtocol = ("open an exception to stop it, or adopt a protocol with a hold");
        ThatInstantOrLater = ("give that instant or a later one");
        WaitForClock = ("wait until the clock has run");
        WaitUntil { until: When } = ("wait until {until}");
        OtherWitness = ("another person must have seen it");
        AskForCredit = ("an officer must request the credit first and name the witness");
        SayWhatWasSeen = ("state what was seen; if it was another time, have the credit requested again");
        CreditLateClock = ("credit is for a clock that started late");
        CreditLess = ("credit no more than the time between");

        // Goods that were here before the ledger.
        NameLots = ("name at least one lot");
        CorrectPast = ("correct one of them, or leave it out");
        RecordArrivalInstead = ("record its arrival and unloading instead");
        LeaveOutAndTreat = ("leave it out, and treat the lot here");
        StateTreatments = ("state every treatment that its protocol asks, or say that it is on the dirty side");
        LeaveOutHold = ("leave out since when it is held; its hold then counts from this entry");
        LeaveOutTest = ("leave it out, and sample the lot here");
        NameStockRecord = ("name the record in which another person stated them");

        // Tests and inspections.
        RecordDestruction = ("record its destruction");
        ReturnOrDestroy = ("record its return to the sender, or its destruction");
        SampleOrInspect { inspections: Vec<StepName>, tests: Vec<TestName> } = ("sample or inspect it for {} within its current hold", both(inspections, tests));
        EnterResult = ("enter it; if the sample was lost, enter it as inconclusive and take another");
        SampleAgain { tests: Vec<TestName> } = ("take another sample for {}", list(tests, ", "));
        RecordSample = ("record that it was taken first");
        NewSample = ("take a new sample");

        // Exceptions, contacts and signatures.
        ChiefCloses = ("a chief officer must settle what stops it");
        ChiefSettles = ("a chief officer must settle it");
        NameLotsAndReason = ("name at least one lot and give a reason");
        NameContacts = ("name every lot that touched another");
        OfficersSign = ("different cleared officers who neither treated nor tested it must sign, the last a chief");
        SignForYourself = ("each person signs for themselves");
        SayWhatIsSigned = ("state what is signed");
        NothingToSign = ("nothing is left to sign");
        OtherSigns = ("another person must sign");
        NeutralSigns = ("a person who did neither must sign");
        ChiefSignsLast = ("a chief officer must sign last");
        ChiefSignsAgain { early: PersonName, signer: PersonName } = ("another chief officer must sign last, or {early} takes their signature back and signs after {signer}");
        TakeBackOwn = ("each person can only take back their own; open an exception to stop the lot");
        OpenException = ("open an exception: it stops the lot and voids its signatures");
        OpenExceptionInstead = ("open an exception if something is wrong with it");
        NothingToTakeBack = ("there is nothing to take back");

        // People.
        AppointFirst = ("appoint them first");
        AppointAndClear = ("appoint and clear them first");
        RenewOrOther = ("renew the clearance, or let another person do it");
        RenewFirst = ("renew the clearance first");
        RecordShift = ("record that the shift began");
        TrainedOrRecord = ("let a trained person do it, or record the training with their clearance");
        RecordGateOrOther = ("record that they passed it, or let another person do it");
        AppointAdministrator = ("appoint an administrator first");
        AppointAnother = ("appoint another administrator first");
        OtherClears = ("another person must clear them");
        WaitOrOther { until: When } = ("wait until {until}, or let another person come");
        ReportedBySuperior = ("the person, their superior or an officer must report it");
        InstantFrom { from: When } = ("give an instant from {from} to now");
        SecondSays = ("a second person must confirm it");
        OfficerSays = ("an officer must confirm it");

        // Vehicles.
        OtherVehicleOrPapers = ("check another vehicle, or have the papers amended");
        EmptyThenSeal = ("record that it was emptied; then seal it");
        EmptyThenWash = ("record that it was emptied; a wash before that does not count");
        RecordEmptied = ("record that it was emptied");
        EmptyAndWash = ("empty and wash it first, or choose a place on the dirty side");
        Wash = ("wash and disinfect it");
        CheckAndSeal = ("check its mark, seal it and record the seal");
        RecordLeft = ("record that it left first");
        AmendOrSendHome = ("have them amended, or send it home unopened");
        UnloadOrAmend = ("record their unloading, or have the papers amended");
        AmendOrRecord = ("amend the papers, or record what became of it");

        // Departures.
        ChooseLoading = ("choose a departure that is being loaded");
        OtherDeparture = ("choose another departure");
        OtherWagon = ("choose another wagon or departure");
        OtherWagonOrGroup = ("choose another wagon or departure, or have the papers name the compatibility group, such as 1.4S");
        TrialDeparture = ("give the trial run a separate departure");
        RecordLoading = ("record each lot that was loaded or taken off, then the departure");

        // Papers.
        AnnounceFirst = ("announce them first");
        AnnounceWithDate = ("announce it with its date");
        AmendOrNumber = ("amend them, or number these anew");
        AmendThose = ("amend those");
        AmendPapersOrClass = ("have the papers amended, or correct the class");
        DeclareTrialFirst = ("declare a trial before its convoy arrives");
        NameLotOrVehicle = ("name the lot or the vehicle that is not here");

        // Amounts.
        NoMoreThanThere = ("declare at most the amount that is there");
        TwoParts = ("name at least two parts");
        PartsAddUp = ("make the parts add up, or count the lot or declare a loss first");

        // Rules and protocols.
        NamePlaceOnce = ("name each place once");
        GiveUnit = ("give it one, or leave it out");
        SayUnits = ("state how many units it has");
        PlaceOfRules = ("name a place of these rules");
        OneOfEach = ("name at least one of each");
        Number { next: u32 } = ("number it {next}");
        AskSignatures { most: u8 } = ("ask for 1 to {most}");
        LeaveSomeOut = ("leave some out");
        NameTreatment = ("name a treatment of the protocol, or leave it out");
        KnownTests = ("use known tests");
        NameTreatmentOnce = ("name each treatment once");
        BandsMeet = ("make each band begin where the previous one ends, or give alternatives the same band");
        ReadingsWithin = ("set readings within the time under the agent");
        WholeTemperature = ("give a lower and a higher temperature, a time, and how often it is read");
        ProposeFirst = ("another person must propose the same change first, and it must wait");
    }
}
