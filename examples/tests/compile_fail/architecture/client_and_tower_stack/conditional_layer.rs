use kube::{Client, Config, Result, client::ClientBuilder};
use tower::limit::ConcurrencyLimitLayer;

fn limited_if(config: Config, at_once: Option<usize>) -> Result<Client> {
    let mut builder = ClientBuilder::try_from(config)?;
    if let Some(at_once) = at_once {
        builder = builder.with_layer(&ConcurrencyLimitLayer::new(at_once));
    }
    Ok(builder.build())
}

fn main() {}
