//! What new rules or a new protocol ask less of than those in force.

use lazaret_vocabulary::event::entry::{ProtocolName, TestName};
use lazaret_vocabulary::event::{GoodsName, PlaceName, SourceName, StepName};
use lazaret_vocabulary::told;

told! {
    /// One thing that a change asks less of. Times are in seconds.
    pub enum Less {
        NoStep { protocol: ProtocolName, step: StepName } = ("{protocol}: no {step} any more");
        ShorterStep { protocol: ProtocolName, step: StepName, contact_s: u64, before_s: u64 } = ("{protocol}: {step} of {contact_s} s instead of {before_s} s");
        OtherAgents { protocol: ProtocolName, step: StepName } = ("{protocol}: {step} by other agents or readings");
        OtherTemperatures { protocol: ProtocolName, step: StepName } = ("{protocol}: {step} at other temperatures");
        OtherPlaces { protocol: ProtocolName, step: StepName } = ("{protocol}: {step} in other places");
        NoTest { protocol: ProtocolName, test: TestName } = ("{protocol}: no test {test} any more");
        EarlierTest { protocol: ProtocolName, test: TestName, not_before_s: u64, before_s: u64 } = ("{protocol}: {test} from {not_before_s} s into the hold instead of {before_s} s");
        NoHold { protocol: ProtocolName } = ("{protocol}: no hold any more");
        ShorterHold { protocol: ProtocolName, hold_s: u64, before_s: u64 } = ("{protocol}: a hold of {hold_s} s instead of {before_s} s");
        OtherClock { protocol: ProtocolName } = ("{protocol}: the hold counts from something else");
        HoldBeforeMore { protocol: ProtocolName } = ("{protocol}: the hold runs before more treatments");
        FewerSignatures { protocol: ProtocolName, signatures: u8, before: u8 } = ("{protocol}: {signatures} signatures instead of {before}");
        NewPlace { place: PlaceName } = ("place {place} is new");
        NotClean { place: PlaceName } = ("{place}: it is not on the clean side any more");
        NotDirty { place: PlaceName } = ("{place}: it is not dirty any more");
        FewerContacts { place: PlaceName } = ("{place}: fewer contacts count");
        ShorterContacts { place: PlaceName } = ("{place}: contacts count for less time");
        MoreWays { place: PlaceName } = ("{place}: it leads to more places");
        ApartFromFewer { goods: GoodsName } = ("{goods} stands apart from fewer classes");
        BearsMore { goods: GoodsName } = ("{goods} bears more agents");
        HomeWithLess { source: SourceName } = ("vehicles of {source} go home with less");
        OffShift = ("people work off shift");
        NoGate = ("no personnel gate any more");
        LessRest = ("people rest less");
        FewerPeopleContacts = ("fewer contacts by people");
        CountsDiffer = ("counts may differ by more");
        ClocksAhead = ("clocks of devices may be further ahead");
        KeysForgotten = ("keys are remembered for less");
        ShorterWait = ("weaker rules wait for less");
    }
}
