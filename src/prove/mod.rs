//! Is every payload of one schema acceptable to another? Three answers: a proof, a confirmed witness, or unknown with its reason.
