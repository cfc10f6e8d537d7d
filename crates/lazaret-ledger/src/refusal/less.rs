//! What new rules or a new protocol ask less of than those in force.

use lazaret_vocabulary::event::entry::{ProtocolName, TestName};
use lazaret_vocabulary::event::{GoodsName, PlaceName, SourceName, StepName};
use lazaret_vocabulary::time::spelled;
use lazaret_vocabulary::told;

told! {
    /// One thing that a change asks less of. Times are in seconds.
    pub enum Less {
        NoStep { protocol: ProtocolName, step: StepName } = ("{protocol}: no longer requires {step}");
        ShorterStep { protocol: ProtocolName, step: StepName, contact_s: u64, before_s: u64 } = ("{protocol}: {step} for {} instead of {}", spelled(*contact_s), spelled(*before_s));
        OtherAgents { protocol: ProtocolName, step: StepName } = ("{protocol}: {step} by other agents or readings");
        OtherTemperatures { protocol: ProtocolName, step: StepName } = ("{protocol}: {step} at other temperatures");
        OtherPlaces { protocol: ProtocolName, step: StepName } = ("{protocol}: {step} in other places");
        RepeatsFewer { protocol: ProtocolName, step: StepName } = ("{protocol}: {step} has fewer treatments repeated");
        NoTest { protocol: ProtocolName, test: TestName } = ("{protocol}: no longer requires the test {test}");
        EarlierTest { protocol: ProtocolName, test: TestName, not_before_s: u64, before_s: u64 } = ("{protocol}: {test} from {} into the hold instead of {}", spelled(*not_before_s), spelled(*before_s));
        NoHold { protocol: ProtocolName } = ("{protocol}: no longer has a hold");
        ShorterHold { protocol: ProtocolName, hold_s: u64, before_s: u64 } = ("{protocol}: a hold of {} instead of {}", spelled(*hold_s), spelled(*before_s));
        OtherClock { protocol: ProtocolName } = ("{protocol}: the clock of the hold starts at another event");
        HoldBeforeMore { protocol: ProtocolName } = ("{protocol}: the hold runs before more treatments");
        FewerSignatures { protocol: ProtocolName, signatures: u8, before: u8 } = ("{protocol}: {signatures} signatures instead of {before}");
        NewPlace { place: PlaceName } = ("place {place} is new and requires less than the others on its side");
        NotClean { place: PlaceName } = ("{place}: it is no longer on the clean side");
        NotDirty { place: PlaceName } = ("{place}: it is no longer on the dirty side");
        FewerContacts { place: PlaceName } = ("{place}: fewer contacts count");
        ShorterContacts { place: PlaceName } = ("{place}: contacts count for less time");
        MoreWays { place: PlaceName } = ("{place}: it leads to more places");
        ApartFromFewer { goods: GoodsName } = ("{goods} is kept apart from fewer classes");
        BearsMore { goods: GoodsName } = ("{goods} tolerates more agents");
        HomeWithLess { source: SourceName } = ("vehicles of {source} go home with less");
        OffShift = ("people work off shift");
        NoGate = ("the personnel gate is no longer required");
        LessRest = ("people rest less");
        FewerPeopleContacts = ("fewer contacts by people");
        CountsDiffer = ("counts may differ by more");
        ClocksAhead = ("clocks of devices may be further ahead");
        KeysForgotten = ("keys are remembered for less time");
        ShorterWait = ("weaker rules wait for less time");
    }
}
