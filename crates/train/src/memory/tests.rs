use slimgate_data::{Sequence, Steps, Target};

use super::*;

fn layers(config: &Config, inputs: usize, vocabulary: usize, classes: usize) -> Layers<'_> {
    Layers { config, inputs, vocabulary, outputs: classes, readout: Readout::Last }
}

fn read(settings: &str) -> Config {
    Config::read("a test", settings, &[]).unwrap()
}

/// The runs of the table in docs/performance.md: settings, inputs of a step, sequences in a batch and their steps, and the
/// megabytes that each took above what its program takes without a model.
#[test]
fn an_estimate_is_near_what_a_run_took() {
    let all = [
        ("hidden = 2048", "", 12, 16, 3, 759.0),
        ("hidden = 2048", "", 12, 128, 3, 1302.0),
        ("hidden = 2048", "optimizer = 'sgd'", 12, 16, 3, 572.0),
        ("hidden = 2048", "optimizer = 'adamw'", 12, 16, 3, 828.0),
        ("hidden = 2048", "optimizer = 'rmsprop'", 12, 16, 3, 763.0),
        ("hidden = 128", "", 1, 128, 784, 336.0),
        ("hidden = 128\nlayers = 3", "", 1, 128, 784, 1250.0),
        ("hidden = 128\nlayers = 3\nrecompute = true", "", 1, 128, 784, 268.0),
        ("hidden = 128\nlayers = 2\nbidirectional = true", "", 1, 128, 784, 1717.0),
        ("hidden = 128\nlayers = 2\ninput_dropout = 0.2\ndropout = 0.3", "", 1, 128, 784, 849.0),
    ];
    for (model, optim, inputs, batch, steps, took) in all {
        let config = read(&format!("[model]\nvariant = 'lstm'\n{model}\n[optim]\n{optim}"));
        let estimate = layers(&config, inputs, 0, 10).training(batch, steps).total() as f64 / 1e6;
        let ratio = estimate / took;
        assert!((0.9..1.3).contains(&ratio), "{model} {optim}: estimated {estimate:.0} MB, took {took} MB");
    }
}

fn sequences(lengths: &[usize]) -> Vec<Sequence> {
    lengths
        .iter()
        .map(|&steps| Sequence { features: Steps::Tokens(vec![2; steps]), target: Target::Class(0) })
        .collect()
}

/// One text of 60,000 words among short ones makes every number of a batch that many.
#[test]
fn a_step_for_which_there_is_no_room_is_refused_and_a_tight_one_warned_of() {
    let config = read("optim.batch_size = 128");
    let layers = layers(&config, 128, 1000, 2);
    let mut lengths = vec![9; 128];
    let validation = sequences(&[9]);
    let needed = layers.training(128, 9).total();
    let check = |lengths: &[usize], free| layers.check(&sequences(lengths), &validation, Some(free));
    assert_eq!(check(&lengths, 2 * needed).unwrap(), None);
    let tight = check(&lengths, needed + needed / 10).unwrap().unwrap();
    assert!(tight.contains("`model.hidden`") && !tight.contains("`data.max_length`"), "{tight}");

    lengths[50] = 60_000;
    let refusal = check(&lengths, 8_000_000_000).unwrap_err().to_string();
    for part in ["not enough memory", "up to 60000 steps, half of them at most 9", "8.0 GB are free"] {
        assert!(refusal.contains(part), "{refusal}");
    }
    for setting in ["`data.max_length`", "`optim.batch_size`", "`model.recompute`", "`model.hidden`"] {
        assert!(refusal.contains(setting), "{refusal}");
    }
    assert_eq!(layers.check(&sequences(&lengths), &validation, None).unwrap(), None);
    // Where only the validation set has such a text, there are no gradients but as many inputs.
    let one = layers.check(&sequences(&[9; 128]), &sequences(&lengths), Some(4_000_000_000));
    assert!(one.unwrap_err().to_string().contains("60000"));
}

#[test]
fn a_prediction_takes_as_many_at_a_time_as_there_is_room_for() {
    let config = Config::default();
    let layers = layers(&config, 128, 1000, 2);
    let mut lengths = vec![9; 300];
    lengths[140] = 60_000;
    let batches = |free| {
        let batches = layers.batches(&lengths, 128, |&steps| steps, free);
        batches.map(|batches| batches.into_iter().map(<[usize]>::len).collect::<Vec<_>>())
    };
    assert_eq!(batches(None).unwrap(), [128, 128, 44]);
    let few = batches(Some(1_000_000_000)).unwrap();
    assert!(few[0] == 128 && few.len() > 3 && few.iter().sum::<usize>() == 300, "{few:?}");
    let refusal = batches(Some(10_000_000)).unwrap_err().to_string();
    assert!(refusal.contains("a sequence of 60000 steps"), "{refusal}");
}

#[test]
fn this_machine_has_memory() {
    assert!(free().is_some_and(|free| free > 10_000_000), "{:?}", free());
}
