//! What a test does to the server behind its clients' backs.

use kube::Resource;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    super::{Received, lock},
    ApiServer, ApiServerError, Cut, Fault, Planned, State,
    ask::Ask,
};

impl ApiServer {
    /// The next `times` requests for which `matching` says so go wrong. Of
    /// several faults for one request the one that was planned first counts.
    pub fn fault(
        &self,
        times: usize,
        matching: impl Fn(&Received) -> bool + Send + 'static,
        fault: Fault,
    ) {
        let matching = Box::new(matching);
        let planned = Planned {
            matching,
            left: times,
            fault,
        };
        lock(&self.0.state).faults.push(planned);
    }

    /// Cuts the watches that are open now and whose request `matching` says so
    /// of. Gives back how many these were.
    pub fn cut(&self, matching: impl Fn(&Received) -> bool, cut: Cut) -> usize {
        let mut state = lock(&self.0.state);
        let open = state
            .watches
            .values_mut()
            .filter(|open| matching(&open.request));
        let cut = open.map(|open| open.cut = Some(cut)).count();
        self.0.changed.send_replace(());
        cut
    }

    /// Forgets how the present state came about. Whatever version a client knows
    /// is too old from now on: a watch that it opens gets 410, a list that it
    /// continues too. Watches that are open stay.
    pub fn expire(&self) {
        lock(&self.0.state).store.forget();
    }

    /// Stores `object` as it is, status included, over what was there. Version
    /// and generation follow; no finalizer or conflict is in the way.
    ///
    /// # Errors
    ///
    /// If the server does not know the kind, or the object is no JSON.
    pub fn put<K>(&self, object: &K) -> Result<(), ApiServerError>
    where
        K: Resource<DynamicType = ()> + Serialize,
    {
        let value = serde_json::to_value(object)?;
        self.behind(object, |state, ask, name| {
            state.store.put(ask, name, value);
            Ok(())
        })
    }

    /// Changes an annotation of the stored object with this name and namespace.
    ///
    /// # Errors
    ///
    /// If there is no such object.
    pub fn touch<K: Resource<DynamicType = ()>>(
        &self,
        object: &K,
    ) -> Result<(), ApiServerError> {
        self.behind(object, |state, ask, name| {
            let mut new = stored(state, ask, name)?;
            let touched = json!(state.store.version().to_string());
            new["metadata"]["annotations"]["example.com/touched"] = touched;
            state.store.put(ask, name, new);
            Ok(())
        })
    }

    /// Removes the stored object with this name and namespace at once, whatever
    /// finalizers it has.
    ///
    /// # Errors
    ///
    /// If there is no such object.
    pub fn remove<K: Resource<DynamicType = ()>>(
        &self,
        object: &K,
    ) -> Result<(), ApiServerError> {
        self.behind(object, |state, ask, name| {
            stored(state, ask, name)?;
            state.store.commit(ask.key(name), None);
            Ok(())
        })
    }

    /// The stored object with this name and namespace, without a request.
    ///
    /// # Errors
    ///
    /// If there is no such object, or it is not what `K` says.
    pub fn stored<K: Resource<DynamicType = ()> + DeserializeOwned>(
        &self,
        object: &K,
    ) -> Result<K, ApiServerError> {
        let value = self.behind(object, |state, ask, name| stored(state, ask, name))?;
        Ok(serde_json::from_value(value)?)
    }

    /// Lets `act` at the store, as the owner of `object`'s path, and wakes
    /// watches. An object without namespace is in the client's, `default`.
    fn behind<K: Resource<DynamicType = ()>, T>(
        &self,
        object: &K,
        act: impl FnOnce(&mut State, &Ask, &str) -> Result<T, ApiServerError>,
    ) -> Result<T, ApiServerError> {
        let mut state = lock(&self.0.state);
        let here = (K::group(&()), K::version(&()), K::kind(&()));
        let known = state.kinds.iter().find(|it| {
            here == (
                it.group.as_str().into(),
                it.version.as_str().into(),
                it.kind.as_str().into(),
            )
        });
        let Some(kind) = known.cloned() else {
            return Err(ApiServerError::UnknownKind(K::kind(&()).into_owned()));
        };
        let namespace = object.meta().namespace.as_deref().unwrap_or("default");
        let ask = Ask::about(kind, namespace);
        let name = object.meta().name.as_deref().unwrap_or_default();
        let done = act(&mut state, &ask, name);
        self.0.changed.send_replace(());
        done
    }
}

fn stored(state: &State, ask: &Ask, name: &str) -> Result<Value, ApiServerError> {
    let missing = || ApiServerError::NoObject(format!("{} `{name}`", ask.kind.kind));
    state.store.get(&ask.key(name)).cloned().ok_or_else(missing)
}
