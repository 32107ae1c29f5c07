//! What the proofreader itself says to readers, in both languages.

use crate::page::Edition;

/// The words of one language.
pub struct Words {
    /// Flag of a snippet that shows a mistake.
    pub wrong: &'static str,
    /// Flag of a compile-fail case.
    pub fails: &'static str,
    /// Before the compiler's message.
    pub rustc_says: &'static str,
    /// Before the proof that printed an output.
    pub printed_by: &'static str,
    /// Before the proof that holds a recorded conversation; `{}` is the version.
    pub answered_by: &'static str,
    /// Before a range of lines; `{}` is the range.
    pub lines: &'static str,
    /// After a quote's licence.
    pub excerpt: &'static str,
    /// Name of a proof mark, before the proof's name.
    pub proof: &'static str,
    /// Start of the stamp of a verified build, before versions.
    pub verified: &'static str,
    /// Start of the stamp of any other build.
    pub local: &'static str,
    /// The stamp's count; `{}` is the number.
    pub proofs: &'static str,
    /// Before the date of a verified build.
    pub on: &'static str,
    /// Stands in a section that waits for its translation.
    pub behind: &'static str,
    /// Summary above a proof's source.
    pub test: &'static str,
    /// Before the sentences that a proof closes.
    pub closes: &'static str,
    /// Heads of the table of terms.
    pub glossary: [&'static str; 3],
    /// Heads of the table of quoted packages.
    pub credits: [&'static str; 4],
    /// Heads of the tables of changes.
    pub changes: [&'static str; 2],
}

/// The words of an edition.
pub fn words(edition: Edition) -> &'static Words {
    match edition {
        Edition::En => &ENGLISH,
        Edition::Ko => &KOREAN,
    }
}

const ENGLISH: Words = Words {
    wrong: "compiles, but is the mistake",
    fails: "does not compile",
    rustc_says: "rustc says",
    printed_by: "printed by",
    answered_by: "answered by Kubernetes {}, recorded by",
    lines: "lines {}",
    excerpt: "excerpt",
    proof: "Proof",
    verified: "Verified with",
    local: "Local build, not verified:",
    proofs: "{} proofs",
    on: "on",
    behind: "The English edition is newer here.",
    test: "The test",
    closes: "It stands behind",
    glossary: ["English", "Korean", "Meaning"],
    credits: ["Package", "Version", "Licence", "Quoted on"],
    changes: ["Behaviour", "Reference"],
};

const KOREAN: Words = Words {
    wrong: "컴파일되지만 잘못된 코드",
    fails: "컴파일되지 않음",
    rustc_says: "rustc의 메시지",
    printed_by: "출력 테스트:",
    answered_by: "Kubernetes {}의 응답, 녹화 테스트:",
    lines: "{}행",
    excerpt: "발췌",
    proof: "증명",
    verified: "검증 환경:",
    local: "로컬 빌드(검증되지 않음):",
    proofs: "증명 {}개",
    on: "검증일",
    behind: "이 절은 영어판이 더 최신입니다.",
    test: "테스트",
    closes: "뒷받침하는 문장",
    glossary: ["영어", "한국어", "뜻"],
    credits: ["패키지", "버전", "라이선스", "인용한 페이지"],
    changes: ["동작", "참고"],
};
