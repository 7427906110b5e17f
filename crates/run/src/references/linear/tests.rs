//! The linear model against scikit-learn's, and its inputs.

use super::*;

fn values(values: &[f32], channels: usize) -> Steps {
    Steps::Values { values: values.to_vec(), channels }
}

fn sequence(features: &[f32], channels: usize, target: Target) -> Sequence {
    Sequence { features: values(features, channels), target }
}

fn assert_near(found: &[f32], wanted: &[f32]) {
    assert_eq!(found.len(), wanted.len());
    assert!(
        found.iter().zip(wanted).all(|(found, wanted)| (found - wanted).abs() < 1e-6),
        "{found:?}, {wanted:?}"
    );
}

/// scikit-learn 1.9.1:
/// ```python
/// import numpy as np
/// from sklearn.linear_model import Ridge
/// X = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.5], [-0.75, 1.0, 0.0], [2.0, -0.5, 1.0], [0.0, 0.0, -1.5]])
/// Y = np.array([[1.0, 0.5], [2.0, -1.0], [-1.0, 0.0], [2.5, 1.0], [0.25, -0.5]])
/// [Ridge(alpha=a).fit(X, Y).predict([[1.0, 1.0, 1.0], [0.5, -1.0, 2.0]]) for a in (0.5, 2.0)]
/// ```
#[test]
fn answers_are_those_of_scikit_learn() {
    let train = [
        ([0.5, -1.0, 2.0], [1.0, 0.5]),
        ([1.5, 0.25, -0.5], [2.0, -1.0]),
        ([-0.75, 1.0, 0.0], [-1.0, 0.0]),
        ([2.0, -0.5, 1.0], [2.5, 1.0]),
        ([0.0, 0.0, -1.5], [0.25, -0.5]),
    ];
    let train = train.map(|(input, numbers)| sequence(&input, 1, Target::Numbers(numbers.to_vec())));
    let equations = NormalEquations::new(&train, 2).unwrap();
    for (penalty, wanted) in [
        (0.5, [0.997818173332711, 0.20857883744807978, 1.0066154851355766, 0.7863545409996735]),
        (2.0, [1.0038770589087243, 0.1625792575232343, 1.1027451175860947, 0.6664530248112961]),
    ] {
        let model = equations.solve(penalty).unwrap();
        let answers = [[1.0, 1.0, 1.0], [0.5, -1.0, 2.0]].map(|input| model.answer(&values(&input, 1)));
        assert_near(&answers.concat(), &wanted.map(|number: f64| number as f32));
    }
}

#[test]
fn a_short_sequence_comes_after_zeros_and_of_a_long_one_the_end_counts() {
    let inputs = Inputs::Sequence(4);
    assert_eq!(inputs.rows(&values(&[1.0, 2.0], 2)), [[0.0, 0.0, 1.0, 2.0]]);
    assert_eq!(inputs.rows(&values(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2)), [[3.0, 4.0, 5.0, 6.0]]);
}

#[test]
fn classes_are_told_apart_by_their_scores() {
    let up = |level: f32| sequence(&[level, level], 1, Target::Class(usize::from(level > 0.0)));
    let train: Vec<Sequence> = (-20..20).map(|level| up(level as f32 + 0.5)).collect();
    let model = LinearModel::fit(&train, &train, 2).unwrap();
    for sequence in &train {
        let scores = model.answer(&sequence.features);
        assert_eq!(Target::Class(usize::from(scores[1] > scores[0])), sequence.target);
    }
}

#[test]
fn steps_are_answered_one_by_one_and_those_without_a_label_teach_nothing() {
    let labelled = sequence(&[-1.0, 1.0, 99.0], 1, Target::StepClasses(vec![Some(0), Some(1), None]));
    let equations = NormalEquations::new(&[labelled], 2).unwrap();
    let answers = equations.solve(1e-9).unwrap().answer(&values(&[-1.0, 0.0, 1.0, 1.0], 1));
    assert_near(&answers, &[1.0, 0.0, 0.5, 0.5, 0.0, 1.0, 0.0, 1.0]);
}

/// scikit-learn 1.9.1:
/// ```python
/// import numpy as np
/// from sklearn.linear_model import Ridge
/// x, c = np.array([[0.0], [1.0], [0.5], [2.0], [3.0]]), np.array([0, 0, 0, 0, 1])
/// Ridge(alpha=0.5).fit(x, np.eye(2)[c], sample_weight=np.array([5 / 8, 5 / 2])[c]).predict([[2.5]])
/// ```
#[test]
fn a_rare_class_of_steps_counts_as_much_as_a_frequent_one() {
    let classes = [0, 0, 0, 0, 1].map(Some).to_vec();
    let train = sequence(&[0.0, 1.0, 0.5, 2.0, 3.0], 1, Target::StepClasses(classes));
    let model = NormalEquations::new(&[train], 2).unwrap().solve(0.5).unwrap();
    assert_near(&model.answer(&values(&[2.5], 1)), &[0.301_092, 0.698_908]);
}

#[test]
fn what_cannot_be_fitted_is_refused() {
    let refused = |train: &[Sequence]| NormalEquations::new(train, 1).err().unwrap();
    assert_eq!(refused(&[]), LinearError::NoAnswer);
    assert_eq!(refused(&[sequence(&[1.0], 1, Target::StepClasses(vec![None]))]), LinearError::NoAnswer);
    let text = Sequence { features: Steps::Tokens(vec![2]), target: Target::Class(0) };
    assert_eq!(refused(&[text]), LinearError::Tokens);
    let long = sequence(&vec![0.0; MOST_INPUTS + 1], 1, Target::Numbers(vec![0.0]));
    assert_eq!(refused(&[long]), LinearError::TooWide { inputs: MOST_INPUTS + 1 });
    let constant = [1.0, 2.0].map(|number| sequence(&[3.0], 1, Target::Numbers(vec![number])));
    assert!(matches!(NormalEquations::new(&constant, 1).unwrap().solve(0.0), Err(LinearError::Singular)));
}
